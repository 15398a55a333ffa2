//! A plan: what people and fate do, one step per line, so that a failing plan can be cut down by hand.
//!
//! A line is `<milliseconds after the step before> <act> <browser> <choice>`. Every step is possible at any time:
//! one that makes no sense (a key pressed in a closed tab) does nothing. So any subset of a plan is a plan.

use std::fmt;
use std::str::FromStr;

use crate::random::Random;

macro_rules! acts {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal $weight:literal,)*) => {
        /// What is done. The details (which cell, where) come out of the step's choice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Act {
            $($(#[doc = $doc])* $name,)*
        }

        impl Act {
            /// All acts, with how often each comes up.
            const ALL: &[(Self, u64)] = &[$((Self::$name, $weight),)*];

            /// Returns the word for it in a plan.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

acts! {
    /// A person opens the notebook's tab in a browser, for the first time or again.
    Open "open" 60,
    /// The tab is gone at once: closed, crashed, or the machine lost power.
    Kill "kill" 14,
    /// The notebook's first browser gives it to the relay.
    Share "share" 5,
    /// A cell is added.
    Insert "insert" 50,
    /// A cell is deleted.
    Delete "delete" 12,
    /// A deleted cell is restored.
    Restore "restore" 8,
    /// A cell is moved.
    Move "move" 25,
    /// A cell is split.
    Split "split" 14,
    /// A cell is merged into another.
    Merge "merge" 10,
    /// A cell's kind is changed.
    Kind "kind" 6,
    /// The title is changed.
    Title "title" 8,
    /// Something is typed into a cell.
    Type "type" 260,
    /// Something is deleted from a cell's text.
    Erase "erase" 50,
    /// A cell is run.
    Run "run" 150,
    /// All cells are run.
    RunAll "run-all" 8,
    /// A request that waits is withdrawn.
    Cancel "cancel" 10,
    /// A cell's outputs are cleared.
    Clear "clear" 10,
    /// What runs is interrupted, here or where it runs.
    Interrupt "interrupt" 12,
    /// The kernel is restarted.
    Restart "restart" 5,
    /// The kernel ends by itself.
    Crash "crash" 5,
    /// The browser's clock is set: off by years.
    Clock "clock" 4,
    /// The browser's connection is lost, with what is on its way.
    Cut "cut" 18,
    /// The browser loses the network.
    Part "part" 14,
    /// The browser has the network again, and hears of it or not.
    Heal "heal" 14,
    /// All browsers lose the network at once.
    Dark "dark" 2,
    /// All browsers have the network again, in the same millisecond.
    Light "light" 3,
    /// A browser puts a snapshot on the relay.
    Compact "compact" 8,
    /// The relay's process ends and begins again from its storage.
    RelayRestart "relay-restart" 5,
    /// The relay's process ends right after it stored something: what it would have sent is lost, in part.
    RelayCrash "relay-crash" 8,
    /// The relay's memory is dropped while connections stay.
    RelaySleep "relay-sleep" 10,
    /// The relay's storage is copied.
    RelayBackup "relay-backup" 6,
    /// The relay's storage is set back to a copy.
    RelaySetBack "relay-set-back" 3,
    /// The relay's storage is lost.
    RelayWipe "relay-wipe" 2,
    /// A frame comes damaged.
    Damage "damage" 3,
    /// A frame comes twice.
    Repeat "repeat" 6,
    /// Somebody without a right to it talks to the relay.
    Intrude "intrude" 5,
}

/// One line of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Milliseconds after the step before.
    pub after: u64,
    /// What is done.
    pub act: Act,
    /// In which browser, counted from 0; of the relay's acts without a meaning.
    pub browser: usize,
    /// What chance brings to it.
    pub choice: u64,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where all other chance comes from: delays, ids, keys.
    pub seed: u64,
    /// How many browsers there are.
    pub browsers: usize,
    /// What happens.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Makes the plan of a seed with so many steps.
    pub fn of(seed: u64, operations: usize) -> Self {
        let mut random = Random::of(seed, 1);
        // Small groups are likelier, as in life; they also find most.
        let most = random.within(2..=8);
        let browsers = usize::try_from(random.within(2..=most)).unwrap_or(2);
        // Some schedules are calm, some are busy, some are all faults.
        let haste = [40, 150, 400, 1_500][random.index(4)];
        let trouble = [0, 1, 1, 3][random.index(4)];
        let weights: Vec<u64> =
            Act::ALL.iter().map(|(act, weight)| weight * if act.is_fault() { trouble } else { 1 }).collect();
        let total = weights.iter().sum();
        let mut steps = Vec::with_capacity(operations);
        for number in 0..operations {
            let after = if random.chance(20) { random.within(2_000..=20_000) } else { random.within(0..=haste) };
            let mut at = random.below(total);
            let drawn = Act::ALL.iter().zip(&weights).find(|(_, weight)| {
                let found = at < **weight;
                at = at.saturating_sub(**weight);
                found
            });
            let mut act = drawn.map_or(Act::Type, |((act, _), _)| *act);
            let mut browser = random.index(browsers);
            let choice = random.below(1_000_000);
            // The first browser begins; the others follow soon.
            if number == 0 {
                (act, browser) = (Act::Open, 0);
            } else if number < 3 {
                (act, browser) = (Act::Insert, 0);
            } else if number == 3 && random.chance(400) {
                (act, browser) = (Act::Share, 0);
            } else if number < browsers + 3 && random.chance(800) {
                (act, browser) = (Act::Open, number - 3);
            }
            steps.push(Step { after, act, browser, choice });
        }
        Self { seed, browsers, steps }
    }
}

impl Act {
    /// Says whether it is fate's and not a person's.
    fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Kill
                | Self::Crash
                | Self::Clock
                | Self::Cut
                | Self::Part
                | Self::Dark
                | Self::RelayRestart
                | Self::RelayCrash
                | Self::RelaySleep
                | Self::RelaySetBack
                | Self::RelayWipe
                | Self::Damage
                | Self::Repeat
                | Self::Intrude
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.after, self.act.word(), self.browser, self.choice)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        writeln!(f, "browsers {}", self.browsers)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

/// Says that a text is not a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAPlan {
    line: String,
}

impl std::error::Error for NotAPlan {}

impl fmt::Display for NotAPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not a line of a plan: {:?}", self.line)
    }
}

impl FromStr for Step {
    type Err = NotAPlan;

    fn from_str(line: &str) -> Result<Self, NotAPlan> {
        let mut words = line.split_whitespace();
        let mut step = || {
            let after = words.next()?.parse().ok()?;
            let word = words.next()?;
            let (act, _) = Act::ALL.iter().find(|(act, _)| act.word() == word)?;
            let browser = words.next()?.parse().ok()?;
            let choice = words.next()?.parse().ok()?;
            words.next().is_none().then_some(Self { after, act: *act, browser, choice })
        };
        step().ok_or_else(|| NotAPlan { line: line.to_owned() })
    }
}

impl FromStr for Plan {
    type Err = NotAPlan;

    /// Reads a plan. Empty lines and those that begin with `#` are left out.
    fn from_str(text: &str) -> Result<Self, NotAPlan> {
        let mut plan = Self { seed: 0, browsers: 2, steps: Vec::new() };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let number = |text: &str| text.trim().parse().map_err(|_not_a_number| NotAPlan { line: line.to_owned() });
            if let Some(seed) = line.strip_prefix("seed ") {
                plan.seed = number(seed)?;
            } else if let Some(browsers) = line.strip_prefix("browsers ") {
                plan.browsers = usize::try_from(number(browsers)?).unwrap_or(usize::MAX).clamp(1, 64);
            } else {
                plan.steps.push(line.parse()?);
            }
        }
        Ok(plan)
    }
}
