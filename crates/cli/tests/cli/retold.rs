//! A ledger of any length: the cycles of a real one, told again and again.

use std::path::Path;

use ios012_lineage::{
    Chain, Cycle, Decision, DocumentKind, Documents, Hash, LedgerReader, LedgerWriter, OrderId,
    Record, input_state_hash, lineage_hash, order_id,
};

/// What is appended and written at once.
const BATCH_BYTES: usize = 1 << 20;

/// Writes the cycles of the ledger `from` into a new one until it has `records` at least, and returns how many it has.
/// Each cycle has its number, and every hash and id is derived anew, so the ledger verifies. Each round writes its
/// documents again.
pub(crate) fn retell(from: &Path, to: &Path, records: u64) -> u64 {
    let told: Vec<Record> = LedgerReader::open(from)
        .unwrap()
        .map(|stored| stored.unwrap().record)
        .collect();
    let documents = Documents::open(from).unwrap();
    let (genesis, cycles) = told.split_first().unwrap();
    let (mut writer, mut chain) = LedgerWriter::create(to, &"retold".parse().unwrap()).unwrap();
    chain.append(genesis).unwrap();
    let mut cycle = Retold::default();
    for record in cycles.iter().cycle() {
        if let Record::Cycle(cycle) = record {
            keep_documents(cycle, &documents, &mut writer);
        }
        cycle.tell(record, &mut chain);
        let is_sealed = matches!(record, Record::Seal(_));
        let is_enough = is_sealed && chain.head().0 >= records;
        if is_enough || chain.pending().len() > BATCH_BYTES {
            writer.append(&mut chain).unwrap();
        }
        if is_enough {
            break;
        }
    }
    writer.sync().unwrap();
    chain.head().0
}

fn keep_documents(cycle: &Cycle, documents: &Documents, writer: &mut LedgerWriter) {
    let named = [
        (DocumentKind::Account, Some(cycle.account_hash)),
        (DocumentKind::Constraints, Some(cycle.constraints_hash)),
        (DocumentKind::Mandate, cycle.mandate_hash),
        (DocumentKind::Market, Some(cycle.market_hash)),
        (DocumentKind::Regime, cycle.regime_hash),
        (DocumentKind::Registry, Some(cycle.registry_hash)),
    ];
    for (kind, hash) in named {
        if let Some(hash) = hash {
            let document = documents.get(&hash).unwrap().unwrap();
            writer.write_document(kind, hash, &document).unwrap();
        }
    }
}

/// The cycle that is told, and what its hashes were and are.
#[derive(Default)]
struct Retold {
    cycles: u64,
    /// The hashes of its cycle record and of its constraints.
    hashes: Option<(Hash, Hash)>,
    lineage: Vec<(Hash, Hash)>,
    orders: Vec<(OrderId, OrderId)>,
}

impl Retold {
    fn tell(&mut self, record: &Record, chain: &mut Chain) {
        let mut record = record.clone();
        match &mut record {
            Record::Cycle(cycle) => {
                self.cycles += 1;
                cycle.cycle_id = self.cycles;
                let constraints_hash = cycle.constraints_hash;
                self.hashes = Some((chain.append(&record).unwrap(), constraints_hash));
                self.lineage.clear();
                self.orders.clear();
                return;
            }
            Record::Decision(decision) => self.derive(decision),
            Record::Order(order) => {
                let is_of = |(old, _): &&(Hash, Hash)| order_id(*old, order.leg) == order.order_id;
                let (_, lineage_hash) = self.lineage.iter().find(is_of).unwrap();
                let id = order_id(*lineage_hash, order.leg);
                self.orders.push((order.order_id, id));
                order.order_id = id;
            }
            Record::Outcome(outcome) => outcome.order_id = self.order(outcome.order_id),
            Record::Fill(fill) => fill.order_id = self.order(fill.order_id),
            _ => (),
        }
        chain.append(&record).unwrap();
    }

    fn derive(&mut self, decision: &mut Decision) {
        let (cycle_hash, constraints_hash) = self.hashes.unwrap();
        let metadata = &mut decision.metadata;
        metadata.input_state_hash = input_state_hash(
            &decision.asset_id,
            cycle_hash,
            decision.previous_exposure,
            metadata.reference_price,
        );
        let target = decision.target_exposure;
        let lineage = lineage_hash(metadata.input_state_hash, target, constraints_hash);
        self.lineage.push((decision.lineage_hash, lineage));
        decision.lineage_hash = lineage;
    }

    fn order(&self, old: OrderId) -> OrderId {
        let is_it = |(told, _): &&(OrderId, OrderId)| *told == old;
        self.orders.iter().find(is_it).unwrap().1
    }
}
