//! `ios012 checkpoint witness`: a witness is asked, and its word is kept below the checkpoint.

use anyhow::Context as _;
use ios012_lineage::checkpoint::{ADD_CHECKPOINT, WitnessAnswer, add_checkpoint};
use ios012_lineage::ledger::{lock_checkpoint, prove_growth, read_checkpoint, write_checkpoint};
use ios012_lineage::{Checkpoint, Cosignature};
use ios012_secrets::{Address, Https, Roots, TextAnswer};
use tokio::runtime::Builder;

use crate::args::WitnessArgs;
use crate::exit::{Exit, Failure, require_directory};
use crate::output::{print, print_json};

pub(crate) fn witness(args: &WitnessArgs, json: bool) -> anyhow::Result<Exit> {
    require_directory(&args.ledger)?;
    let asked = Witness::of(args)?;
    let _lock = lock_checkpoint(&args.ledger)?;
    let text = read_checkpoint(&args.ledger)?.ok_or_else(|| {
        let message = format!(
            "{} has no checkpoint: sign one with `ios012 checkpoint sign`",
            args.ledger.display()
        );
        Failure::new(Exit::Usage, message)
    })?;
    let checkpoint = Checkpoint::open(&text, &args.verifier_key)?;
    let (text, cosignature) = cosigned(args, &asked, &text, &checkpoint)?;
    write_checkpoint(&args.ledger, &text)?;
    if json {
        print_json(|object| {
            object.member("checkpoint").string(&text);
            object.member("records").display(checkpoint.size());
            object.member("time_s").display(cosignature.time_s());
            object.member("witness").string(cosignature.witness());
        });
    } else {
        print(text.trim_end());
    }
    Ok(Exit::Executed)
}

/// No state is kept of a witness: it says itself how much it knows, and is then asked from there. What it knows it has
/// held against the proof before, and does so now.
fn cosigned(
    args: &WitnessArgs,
    witness: &Witness,
    text: &str,
    checkpoint: &Checkpoint,
) -> anyhow::Result<(String, Cosignature)> {
    let mut known = 0;
    for _ in 0..2 {
        let growth = prove_growth(&args.ledger, known, checkpoint)?;
        let answer = witness.ask(add_checkpoint(known, &growth, text))?;
        let sizes = (known, checkpoint.size());
        let answer = (answer.status, answer.text.as_str());
        match WitnessAnswer::read(answer, sizes, text, &args.witness_key)? {
            WitnessAnswer::Cosigned(text, cosignature) => return Ok((text, cosignature)),
            WitnessAnswer::Knows(records) => known = records,
        }
    }
    let message = format!(
        "{} has been told of other records while it was asked: try again",
        args.witness_key.name()
    );
    Err(Failure::new(Exit::Io, message))
}

/// Where a witness is asked.
struct Witness {
    address: Address,
    client: Https,
}

impl Witness {
    fn of(args: &WitnessArgs) -> anyhow::Result<Self> {
        let address = Address::parse(args.url.clone())
            .and_then(|prefix| prefix.below(ADD_CHECKPOINT))
            .context("--url")?;
        let pem = args.roots.as_ref().map(|path| {
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
        });
        let pem = pem.transpose()?;
        let roots = pem.as_deref().map_or(Roots::System, Roots::Only);
        let client = Https::new(roots).context("--roots")?;
        Ok(Self { address, client })
    }

    fn ask(&self, body: String) -> anyhow::Result<TextAnswer> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let answer = runtime.block_on(self.client.post_text(&self.address, body));
        answer.context("the witness was not asked, or has not answered")
    }
}
