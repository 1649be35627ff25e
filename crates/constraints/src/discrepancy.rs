//! How far a broker's account is from the books: the discrepancy score of ADR-010.
//!
//! The score is made of a fixed list of facts, not of one for each asset, so one wrong position
//! weighs the same in a portfolio of one asset and of five hundred (docs/adr/0014).

use ios012_core::{CoreError, Money, Quantity, Ratio, Rounding, fixed::compare_products, mul_div};

use crate::DriftLimits;

/// The tolerance of ADR-010 is 0.1 %: one of so many.
pub const PER_MILLE: i128 = 1_000;

/// A fact that broker, books and decision must agree on. Ordered by weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Units of every asset, broker against books.
    Position,
    /// Cash of every currency, broker against books.
    Cash,
    /// No position is beyond what the last decision allowed, broker against decision.
    Allowed,
    /// No order is open that the books do not know.
    OpenOrders,
    /// How many assets are held.
    PositionCount,
    /// The exposure that the differences of all positions come to.
    Exposure,
    /// The time of the broker's statement.
    StatedAt,
}

impl Fact {
    /// All of them, in the order in which a record names them.
    pub const ALL: [Self; 7] = [
        Self::Position,
        Self::Cash,
        Self::Allowed,
        Self::OpenOrders,
        Self::PositionCount,
        Self::Exposure,
        Self::StatedAt,
    ];

    /// The text in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Cash => "cash",
            Self::Allowed => "allowed",
            Self::OpenOrders => "open_orders",
            Self::PositionCount => "position_count",
            Self::Exposure => "exposure",
            Self::StatedAt => "stated_at",
        }
    }

    /// Tenths: 1.0 for money and positions, 0.8 for counts and order states, 0.5 for what is
    /// derived, 0.3 for metadata.
    const fn weight(self) -> i128 {
        match self {
            Self::Position | Self::Cash | Self::Allowed => 10,
            Self::OpenOrders | Self::PositionCount => 8,
            Self::Exposure => 5,
            Self::StatedAt => 3,
        }
    }
}

/// The facts that do not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discrepancy([bool; Fact::ALL.len()]);

/// What a discrepancy asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Below [`DriftLimits::warn`].
    Tolerated,
    /// From [`DriftLimits::warn`] on.
    Warn,
    /// From [`DriftLimits::halt`] on.
    Halt,
}

impl Discrepancy {
    /// Milliseconds by which a statement may be older than its cycle.
    pub const LATEST_MS: i64 = 5_000;

    /// Notes that a fact does not agree.
    pub fn note(&mut self, fact: Fact) {
        for (place, noted) in Fact::ALL.iter().zip(&mut self.0) {
            *noted |= *place == fact;
        }
    }

    /// What does not agree.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        let noted = Fact::ALL.into_iter().zip(self.0);
        noted.filter_map(|(fact, noted)| noted.then_some(fact))
    }

    /// Sum of the weights that do not agree over the sum of all weights, rounded up.
    ///
    /// # Errors
    /// None: the sums are small.
    pub fn score(&self) -> Result<Ratio, CoreError> {
        let sum = |facts: &mut dyn Iterator<Item = Fact>| facts.map(Fact::weight).sum::<i128>();
        let (noted, all) = (sum(&mut self.facts()), sum(&mut Fact::ALL.into_iter()));
        mul_div(noted, Ratio::SCALE, all, Rounding::AwayFromZero).map(Ratio::from_units)
    }

    /// What the score asks for.
    ///
    /// # Errors
    /// As [`Discrepancy::score`].
    pub fn severity(&self, limits: DriftLimits) -> Result<Severity, CoreError> {
        let score = self.score()?;
        Ok(if score >= limits.halt() {
            Severity::Halt
        } else if score >= limits.warn() {
            Severity::Warn
        } else {
            Severity::Tolerated
        })
    }
}

/// Whether two quantities differ by more than 0.1 % of the larger one.
///
/// # Errors
/// [`CoreError::Overflow`].
pub fn quantities_differ(books: Quantity, broker: Quantity) -> Result<bool, CoreError> {
    let difference = books.checked_sub(broker)?;
    Ok(is_beyond(difference.units(), books.units(), broker.units()))
}

/// Whether two amounts differ by more than 0.1 % of the larger one.
///
/// # Errors
/// [`CoreError::Overflow`].
pub fn amounts_differ(books: Money, broker: Money) -> Result<bool, CoreError> {
    let difference = books.checked_sub(broker)?;
    Ok(is_beyond(difference.units(), books.units(), broker.units()))
}

/// Whether a difference is more than 0.1 % of the larger of two.
fn is_beyond(difference: i128, one: i128, other: i128) -> bool {
    let larger = one.unsigned_abs().max(other.unsigned_abs());
    let Ok(larger) = i128::try_from(larger) else {
        return difference != 0;
    };
    let Some(difference) = difference.checked_abs() else {
        return true;
    };
    compare_products([difference, PER_MILLE], [larger, 1]).is_gt()
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn of(facts: &[Fact]) -> Discrepancy {
        let mut discrepancy = Discrepancy::default();
        for fact in facts {
            discrepancy.note(*fact);
        }
        discrepancy
    }

    /// The weights sum to 5.4; each score worked out by hand.
    #[test]
    fn scores_are_the_weights_of_adr_010() {
        use Fact::*;
        let scores = [
            (&[][..], "0", Severity::Tolerated),
            (&[StatedAt], "0.055555555556", Severity::Warn),
            (&[Exposure], "0.092592592593", Severity::Warn),
            (&[Exposure, StatedAt], "0.148148148149", Severity::Halt),
            (&[OpenOrders], "0.148148148149", Severity::Halt),
            (&[PositionCount], "0.148148148149", Severity::Halt),
            (&[Position], "0.185185185186", Severity::Halt),
            (&[Cash], "0.185185185186", Severity::Halt),
            (&[Allowed], "0.185185185186", Severity::Halt),
            (&Fact::ALL, "1", Severity::Halt),
        ];
        let adr_010 = DriftLimits::default();
        for (facts, score, severity) in scores {
            let found = of(facts);
            assert_eq!(found.score().expect("sums").to_string(), score, "{facts:?}");
            assert_eq!(
                found.severity(adr_010).expect("sums"),
                severity,
                "{facts:?}"
            );
            assert!(found.facts().eq(facts.iter().copied()));
        }
    }

    #[test]
    fn the_page_lists_every_fact_with_its_weight() {
        let page = include_str!("../../../docs/decision.md");
        let (_, section) = page.split_once("## Execution drift").expect("the section");
        let (_, rows) = section.split_once("|---|---|---|\n").expect("its table");
        let (rows, _) = rows.split_once("\n\n").expect("its end");
        let listed = rows
            .lines()
            .map(|row| row.rsplit_once(" | ").map(|row| row.0));
        let expected = Fact::ALL.map(|fact| {
            let tenths = fact.weight();
            format!("| `{}` | {}.{}", fact.as_str(), tenths / 10, tenths % 10)
        });
        assert!(listed.eq(expected.iter().map(|row| Some(row.as_str()))));
    }

    /// A score of exactly a limit is beyond it, and limits are not widened.
    #[test]
    fn limits_are_tightened_and_never_widened() {
        let ratio = |text: &str| text.parse().expect("a ratio");
        let limits = |warn, halt| DriftLimits::new(ratio(warn), ratio(halt));
        let exposure = of(&[Fact::Exposure]);
        for (halt, severity) in [
            ("0.092592592593", Severity::Halt),
            ("0.092592592594", Severity::Warn),
        ] {
            let limits = limits("0.05", halt).expect("tight");
            assert_eq!(exposure.severity(limits).expect("sums"), severity);
        }
        assert_eq!(limits("0.05", "0.1"), Some(DriftLimits::default()));
        assert_eq!(limits("0.050000000001", "0.1"), None);
        assert_eq!(limits("0.05", "0.100000000001"), None);
        assert_eq!(limits("0", "0.1"), None);
        assert_eq!(limits("0.05", "0.049999999999"), None);
        assert!(limits("0.05", "0.05").is_some());
    }

    #[test]
    fn a_thousandth_of_the_larger_one_is_tolerated() {
        let differ = |one: &str, other: &str| {
            let units = (one.parse().expect("units"), other.parse().expect("units"));
            let differ = quantities_differ(units.0, units.1).expect("fits");
            let money = (one.parse().expect("money"), other.parse().expect("money"));
            assert_eq!(amounts_differ(money.0, money.1), Ok(differ));
            differ
        };
        assert!(!differ("1000", "999"));
        assert!(differ("1000", "998.99"));
        assert!(!differ("-999", "-1000"));
        assert!(differ("-998.99", "-1000"));
        assert!(differ("0", "0.00000001"));
        assert!(differ("-1000", "1000"));
        assert!(!differ("0", "0"));
    }

    /// The lowest number has no magnitude of its own type.
    #[test]
    fn every_number_agrees_with_itself() {
        for units in [i128::MIN, i128::MIN + 1, -1, 0, 1, i128::MAX] {
            let quantity = Quantity::from_units(units);
            assert_eq!(quantities_differ(quantity, quantity), Ok(false), "{units}");
        }
    }
}
