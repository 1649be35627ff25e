//! What was searched, what was found, and what the controls have shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;

use crate::canaries::Canaries;
use crate::pattern::{Form, Patterns};
use crate::scan::{Hit, number};
use crate::{CanaryError, Channel, Encoding, Finding, Kind};

/// One output, or a folder of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) channel: &'static str,
    pub(crate) outputs: u64,
    pub(crate) bytes: u64,
    /// Parts that their owner cannot read either: sockets in a folder, regions without a right to read.
    pub(crate) excepted: u64,
}

/// What became of one leak on purpose after another.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) name: String,
    pub(crate) channels: BTreeSet<Channel>,
    pub(crate) leaked: BTreeSet<Form>,
    pub(crate) found: BTreeSet<Form>,
}

/// Counts what a [`Search`](crate::Search) has done.
#[derive(Debug)]
pub struct Report {
    /// By position of the canary.
    kinds: Vec<Kind>,
    /// What a search can tell apart.
    forms: Vec<Form>,
    patterns: usize,
    sources: Vec<Source>,
    channels: BTreeSet<Channel>,
    findings: Vec<Finding>,
    found: BTreeSet<Form>,
    proofs: Vec<Proof>,
    unsearched: Vec<String>,
}

impl Report {
    pub(crate) fn new(canaries: &Canaries, patterns: &Patterns) -> Self {
        Self {
            kinds: canaries.all().iter().map(|canary| canary.kind).collect(),
            forms: patterns.distinct().to_vec(),
            patterns: patterns.count(),
            sources: Vec::new(),
            channels: BTreeSet::new(),
            findings: Vec::new(),
            found: BTreeSet::new(),
            proofs: Vec::new(),
            unsearched: Vec::new(),
        }
    }

    /// How many outputs were searched.
    pub fn outputs(&self) -> u64 {
        self.sources.iter().map(|source| source.outputs).sum()
    }

    /// How many bytes of them.
    pub fn bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.bytes).sum()
    }

    /// How many canaries in how many forms were searched, each pair counted.
    pub fn forms(&self) -> usize {
        self.forms.len()
    }

    /// The canaries that are in outputs.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How often canaries of a kind are in the outputs, in one form.
    pub fn times(&self, kind: Kind, encoding: Encoding) -> u64 {
        let of_form = |finding: &&Finding| (finding.kind, finding.encoding) == (kind, encoding);
        let findings = self.findings.iter().filter(of_form);
        findings.map(|finding| finding.times).sum()
    }

    /// Judges the whole: outputs were searched, all of them to their ends, no canary is in them, and each canary that a
    /// control leaked was found, in each form and on each way.
    ///
    /// # Errors
    /// The first of these that is not so.
    pub fn finish(&self) -> Result<(), CanaryError> {
        if !self.findings.is_empty() {
            let findings: Vec<String> = self.findings.iter().map(ToString::to_string).collect();
            return Err(CanaryError::Found {
                count: findings.len(),
                findings: findings.join("; "),
            });
        }
        if let Some(what) = self.unsearched.first() {
            let what = what.clone();
            return Err(CanaryError::Unsearched { what });
        }
        if self.bytes() == 0 {
            return Err(CanaryError::NothingSearched);
        }
        self.judge_controls()
    }

    /// What a gate keeps, as JSON: outputs, bytes, kinds, forms, findings, and of each control what it leaked and
    /// what was found. No value of a canary is in it.
    pub fn evidence(&self) -> String {
        let kinds: BTreeSet<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        let encodings: BTreeSet<&str> = self.forms.iter().map(|(_, form)| form.name()).collect();
        let named = |(canary, encoding): &Form| json!([self.kind(*canary).name(), encoding.name()]);
        let findings = self.findings.iter().map(|finding| {
            json!({
                "kind": finding.kind.name(),
                "encoding": finding.encoding.name(),
                "source": finding.source,
                "offset": finding.offset,
                "times": finding.times,
            })
        });
        let controls = self.proofs.iter().map(|proof| {
            let channels: Vec<&str> = proof
                .channels
                .iter()
                .map(|channel| channel.name())
                .collect();
            let missed = proof.leaked.difference(&proof.found).map(named);
            json!({
                "name": proof.name,
                "channels": channels,
                "leaked": proof.leaked.len(),
                "found": proof.found.len(),
                "missed": missed.collect::<Vec<_>>(),
            })
        });
        let evidence = json!({
            "outputs": self.outputs(),
            "bytes": self.bytes(),
            "canaries": self.kinds.len(),
            "kinds": kinds,
            "encodings": encodings,
            "forms": self.forms.len(),
            "patterns": self.patterns,
            "sources": self.sources,
            "unsearched": self.unsearched,
            "findings": findings.collect::<Vec<_>>(),
            "controls": controls.collect::<Vec<_>>(),
            "passed": self.finish().is_ok(),
        });
        evidence.to_string()
    }

    pub(crate) fn searched(&mut self, channel: Channel, source: Source) {
        self.channels.insert(channel);
        self.sources.push(source);
    }

    pub(crate) fn hits(&mut self, hits: BTreeMap<Form, Hit>, source: impl Fn(u64) -> String) {
        for ((canary, encoding), hit) in hits {
            self.found.insert((canary, encoding));
            self.findings.push(Finding {
                kind: self.kind(canary),
                encoding,
                source: source(hit.offset),
                offset: hit.offset,
                times: hit.times,
            });
        }
    }

    /// An error that the caller let pass.
    pub(crate) fn failed(&mut self, name: &str) {
        self.unsearched.push(name.to_owned());
    }

    pub(crate) fn proved(&mut self, proof: Proof) {
        self.proofs.push(proof);
    }

    /// Each canary and form that was found.
    pub(crate) fn found(&self) -> &BTreeSet<Form> {
        &self.found
    }

    pub(crate) fn channels(&self) -> &BTreeSet<Channel> {
        &self.channels
    }

    pub(crate) fn searchable(&self) -> &[Form] {
        &self.forms
    }

    fn kind(&self, canary: usize) -> Kind {
        self.kinds.get(canary).copied().unwrap_or(Kind::Named("?"))
    }

    fn judge_controls(&self) -> Result<(), CanaryError> {
        if self.proofs.is_empty() {
            return Err(CanaryError::NoControl);
        }
        for proof in &self.proofs {
            if let Some((canary, encoding)) = proof.leaked.difference(&proof.found).next() {
                return Err(CanaryError::ControlMissed {
                    control: proof.name.clone(),
                    kind: self.kind(*canary),
                    encoding: *encoding,
                });
            }
        }
        let is_proved = |form: &Form| self.proofs.iter().any(|proof| proof.found.contains(form));
        if let Some((canary, encoding)) = self.forms.iter().find(|form| !is_proved(form)) {
            return Err(CanaryError::Uncontrolled {
                kind: self.kind(*canary),
                encoding: *encoding,
            });
        }
        let went = |channel: &&Channel| {
            let mut proofs = self.proofs.iter();
            proofs.any(|proof| !proof.found.is_empty() && proof.channels.contains(channel))
        };
        match self.channels.iter().find(|channel| !went(channel)) {
            Some(channel) => Err(CanaryError::UncontrolledChannel { channel: *channel }),
            None => Ok(()),
        }
    }
}

impl Source {
    pub(crate) fn one(name: &str, channel: Channel, bytes: u64) -> Self {
        Self {
            name: name.to_owned(),
            channel: channel.name(),
            outputs: 1,
            bytes,
            excepted: 0,
        }
    }

    pub(crate) fn many(name: &str, channel: Channel, outputs: usize, bytes: u64) -> Self {
        Self {
            outputs: number(outputs),
            ..Self::one(name, channel, bytes)
        }
    }
}
