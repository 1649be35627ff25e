//! Exact fractions for the reference model. `None` means that `i128` was too small.

use std::cmp::Ordering;

/// A fraction in lowest terms with a positive denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fraction {
    pub(crate) numerator: i128,
    pub(crate) denominator: i128,
}

impl Fraction {
    pub(crate) const ZERO: Self = Self::whole(0);
    pub(crate) const ONE: Self = Self::whole(1);

    pub(crate) const fn whole(numerator: i128) -> Self {
        Self {
            numerator,
            denominator: 1,
        }
    }

    pub(crate) fn new(numerator: i128, denominator: i128) -> Option<Self> {
        let (mut a, mut b) = (numerator.checked_abs()?, denominator.checked_abs()?);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = a.checked_mul(denominator.signum())?;
        Some(Self {
            numerator: numerator.checked_div(divisor)?,
            denominator: denominator.checked_div(divisor)?,
        })
    }

    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::new(
            left.checked_add(right)?,
            self.denominator.checked_mul(other.denominator)?,
        )
    }

    pub(crate) fn sub(self, other: Self) -> Option<Self> {
        self.add(other.times(Self::whole(-1))?)
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        Self::new(
            self.numerator.checked_mul(other.numerator)?,
            self.denominator.checked_mul(other.denominator)?,
        )
    }

    pub(crate) fn over(self, other: Self) -> Option<Self> {
        Self::new(
            self.numerator.checked_mul(other.denominator)?,
            self.denominator.checked_mul(other.numerator)?,
        )
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        let left = self.numerator.checked_mul(other.denominator)?;
        Some(left.cmp(&other.numerator.checked_mul(self.denominator)?))
    }

    pub(crate) fn less(self, other: Self) -> Option<bool> {
        Some(self.compare(other)? == Ordering::Less)
    }

    pub(crate) fn smaller(self, other: Self) -> Option<Self> {
        Some(if self.less(other)? { self } else { other })
    }

    pub(crate) fn larger(self, other: Self) -> Option<Self> {
        Some(if self.less(other)? { other } else { self })
    }

    pub(crate) fn size(self) -> Self {
        Self {
            numerator: self.numerator.abs(),
            ..self
        }
    }

    pub(crate) const fn sign(self) -> i128 {
        self.numerator.signum()
    }

    pub(crate) const fn is_whole(self) -> bool {
        self.denominator == 1
    }
}
