//! When the parts of an order may leave: explicit times, computed from the start of a plan
//! (docs/adr/0011). Time comes in as data; nothing here waits.

use alloc::vec::Vec;

use crate::{Calendar, CoreError, Quantity, UtcTime};

/// Most slices of a schedule.
pub const MAX_SLICES: u32 = 1_000;

/// How the orders of a plan are spread over time (IoS-006).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schedule {
    /// All at once.
    #[default]
    Immediate,
    /// Equal parts at equal distances (time-weighted average price).
    Twap {
        /// Parts, 1 to [`MAX_SLICES`].
        slices: u32,
        /// Seconds from one to the next, above zero.
        interval_s: u32,
    },
}

/// A part of an order and the earliest time at which it may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Units, a multiple of the lot, above zero.
    pub quantity: Quantity,
    /// The time. None if the market's calendar has no opening after the planned time: the part
    /// can't leave.
    pub not_before: Option<UtcTime>,
}

impl Schedule {
    /// The slices of a quantity that is a multiple of the lot, beginning at `start`.
    ///
    /// Each has the same number of whole lots; the first ones have one more where that does not
    /// come out even. Lots that are too few for all slices make fewer slices. A slice that falls
    /// where the market is closed leaves when it opens.
    ///
    /// # Errors
    /// Arithmetic overflow, or a lot of zero.
    pub fn slices(
        self,
        quantity: Quantity,
        lot: Quantity,
        start: UtcTime,
        calendar: &Calendar,
    ) -> Result<Vec<Slice>, CoreError> {
        let (wanted, interval_s) = match self {
            Self::Immediate => (1, 0),
            Self::Twap { slices, interval_s } => (slices, interval_s),
        };
        let no_lot = CoreError::DivisionByZero { operation: "lots" };
        let lots = quantity.units().checked_div(lot.units()).ok_or(no_lot)?;
        let count = lots.min(i128::from(wanted)).max(0);
        let share = lots.checked_div(count).unwrap_or(0);
        let longer = lots.checked_rem(count).unwrap_or(0);
        let mut slices = Vec::new();
        let mut at = start;
        let mut number: i128 = 0;
        while number < count {
            let lots = share.checked_add(i128::from(number < longer));
            let units = lots.and_then(|lots| lots.checked_mul(lot.units()));
            let units = units.ok_or(CoreError::Overflow {
                operation: "slice of an order",
            })?;
            slices.push(Slice {
                quantity: Quantity::from_units(units),
                not_before: calendar.next_open(at)?,
            });
            at = at.checked_add_milliseconds(i64::from(interval_s).saturating_mul(1_000))?;
            number = number.saturating_add(1);
        }
        Ok(slices)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::calendar::{DAY_S, Day, Session};

    fn time(text: &str) -> UtcTime {
        text.parse().expect("a time")
    }

    fn amount(text: &str) -> Quantity {
        text.parse().expect("a quantity")
    }

    const EVERY_MINUTE: Schedule = Schedule::Twap {
        slices: 4,
        interval_s: 60,
    };

    /// 10 lots in 4 parts are 3, 3, 2 and 2.
    #[test]
    fn parts_are_equal_but_for_one_lot() {
        let start = time("2026-11-23T14:30:00.000Z");
        let slices = EVERY_MINUTE.slices(amount("5"), amount("0.5"), start, &Calendar::always());
        let found: Vec<_> = slices
            .expect("slices")
            .iter()
            .map(|slice| (slice.quantity, slice.not_before))
            .collect();
        let expected = [
            ("1.5", "2026-11-23T14:30:00.000Z"),
            ("1.5", "2026-11-23T14:31:00.000Z"),
            ("1", "2026-11-23T14:32:00.000Z"),
            ("1", "2026-11-23T14:33:00.000Z"),
        ];
        assert_eq!(
            found,
            expected.map(|(units, at)| (amount(units), Some(time(at))))
        );
    }

    #[test]
    fn few_lots_make_few_slices() {
        let start = time("2026-11-23T14:30:00.000Z");
        let count = |quantity| {
            EVERY_MINUTE
                .slices(amount(quantity), amount("1"), start, &Calendar::always())
                .expect("slices")
                .len()
        };
        assert_eq!(
            (count("0"), count("1"), count("3"), count("9")),
            (0, 1, 3, 4)
        );
        let whole =
            Schedule::Immediate.slices(amount("9"), amount("1"), start, &Calendar::always());
        assert_eq!(
            whole,
            Ok(vec![Slice {
                quantity: amount("9"),
                not_before: Some(start)
            }])
        );
    }

    /// The market closes at 21:00 on Friday and opens at 14:30 on Monday; after that the calendar
    /// ends.
    #[test]
    fn a_slice_waits_for_the_market() {
        let (from, until) = (
            Day::of(time("2026-11-20T00:00:00.000Z")),
            Day::of(time("2026-11-23T00:00:00.000Z")),
        );
        let session = |weekday| Session {
            from,
            until,
            weekday,
            open_s: 52_200,
            close_s: 75_600,
        };
        let calendar = Calendar::new((from, until), vec![session(5), session(1)], vec![], vec![]);
        let calendar = calendar.expect("a calendar");
        let hours = Schedule::Twap {
            slices: 3,
            interval_s: DAY_S,
        };
        let start = time("2026-11-20T20:59:00.000Z");
        let times: Vec<_> = hours
            .slices(amount("3"), amount("1"), start, &calendar)
            .expect("slices")
            .iter()
            .map(|slice| slice.not_before)
            .collect();
        let monday = Some(time("2026-11-23T14:30:00.000Z"));
        assert_eq!(times, [Some(start), monday, monday]);
        let late = time("2026-11-23T21:00:00.000Z");
        let slices = Schedule::Immediate.slices(amount("3"), amount("1"), late, &calendar);
        assert_eq!(
            slices
                .expect("slices")
                .first()
                .map(|slice| slice.not_before),
            Some(None)
        );
    }

    proptest! {
        /// Nothing is lost, every part is whole lots, and no two differ by more than one lot.
        #[test]
        fn slices_add_up(lots in 0_i128..5_000, lot in 1_i128..1_000_000_000_000, slices in 1_u32..=MAX_SLICES) {
            let (quantity, lot) = (Quantity::from_units(lots * lot), Quantity::from_units(lot));
            let start = time("2026-11-23T14:30:00.000Z");
            let schedule = Schedule::Twap { slices, interval_s: 1 };
            let parts = schedule.slices(quantity, lot, start, &Calendar::always()).expect("slices");
            let units: Vec<_> = parts.iter().map(|part| part.quantity.units()).collect();
            prop_assert_eq!(units.iter().sum::<i128>(), quantity.units());
            prop_assert!(units.iter().all(|units| *units > 0 && units % lot.units() == 0));
            let (least, most) = (units.iter().min(), units.iter().max());
            if let (Some(least), Some(most)) = (least, most) {
                prop_assert!(most - least <= lot.units());
            }
            prop_assert_eq!(parts.len() as i128, lots.min(i128::from(slices)));
        }
    }
}
