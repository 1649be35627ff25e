//! How far the breakers have tightened (ADR-016).

use ios012_constraints::{Block, BreakerResponse};
use ios012_lineage::Defcon;

/// The level, and what it does to positions. It only tightens here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posture {
    level: Defcon,
    response: BreakerResponse,
}

impl Default for Posture {
    fn default() -> Self {
        Self {
            level: Defcon::Green,
            response: BreakerResponse::Abort,
        }
    }
}

impl Posture {
    pub(super) const fn level(self) -> Defcon {
        self.level
    }

    /// The block on every asset.
    pub(super) const fn block(self) -> Block {
        match self.response {
            BreakerResponse::Abort => Block::None,
            BreakerResponse::ReduceOnly => Block::ReduceOnly,
            BreakerResponse::ToCash => Block::Flatten,
        }
    }

    pub(super) const fn unwinds(self) -> bool {
        matches!(self.response, BreakerResponse::ToCash)
    }

    /// The same after a response. True if it is tighter than before.
    pub(super) fn tighten(&mut self, response: BreakerResponse) -> bool {
        if response <= self.response {
            return false;
        }
        (self.level, self.response) = (Defcon::Red, response);
        true
    }
}
