//! What this tab is at the moment: follower, leader, or leader of what may not be written.

use crate::follower::{self, Follower};
use crate::leader::{Effect, Leader};
use crate::reader::Reader;
use protocol::port::{FromFrame, FromKernel, TabMessage, ToStore};

/// One of the things a tab can be.
pub(super) enum Mode {
    /// It follows, or waits to lead.
    Following(Follower),
    /// It should lead, but the database does not open.
    Failed(Follower),
    /// It leads.
    Leading(Box<Leader>),
    /// It leads, and nobody writes.
    Reading(Box<Reader>),
}

impl Mode {
    pub(super) fn on_ui(&mut self, message: ToStore) -> Vec<Effect> {
        match self {
            Self::Following(follower) | Self::Failed(follower) => to_effects(follower.on_ui(message)),
            Self::Leading(leader) => leader.on_ui(message),
            Self::Reading(reader) => reader.on_ui(message),
        }
    }

    pub(super) fn on_tab(&mut self, message: TabMessage) -> Vec<Effect> {
        match self {
            Self::Following(follower) | Self::Failed(follower) => to_effects(follower.on_tab(message)),
            Self::Leading(leader) => leader.on_tab(message),
            Self::Reading(reader) => reader.on_tab(message),
        }
    }

    pub(super) fn on_kernel(&mut self, message: FromKernel, bytes: usize) -> Vec<Effect> {
        self.leader().map_or_else(Vec::new, |leader| leader.on_kernel(message, bytes))
    }

    pub(super) fn on_frame(&mut self, message: FromFrame) -> Vec<Effect> {
        self.leader().map_or_else(Vec::new, |leader| leader.on_frame(message))
    }

    pub(super) fn commit(&mut self) -> Vec<Effect> {
        self.leader().map_or_else(Vec::new, Leader::commit)
    }

    pub(super) fn rest(&mut self) {
        if let Some(leader) = self.leader() {
            leader.rest();
        }
    }

    pub(super) fn leader(&mut self) -> Option<&mut Leader> {
        match self {
            Self::Leading(leader) => Some(leader),
            Self::Following(_) | Self::Failed(_) | Self::Reading(_) => None,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// Returns the follower, if this tab does not lead.
    pub(super) fn follower(&mut self) -> Option<&mut Follower> {
        match self {
            Self::Following(follower) | Self::Failed(follower) => Some(follower),
            Self::Leading(_) | Self::Reading(_) => None,
        }
    }
}

pub(super) fn to_effects(effects: Vec<follower::Effect>) -> Vec<Effect> {
    let translate = |effect| match effect {
        follower::Effect::Ui(message) => Effect::Ui(message),
        follower::Effect::Tabs(message) => Effect::Tabs(message),
    };
    effects.into_iter().map(translate).collect()
}
