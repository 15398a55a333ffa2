//! Chance, all of it out of a seed: nothing here or elsewhere in the simulation asks the machine for randomness.

use std::cell::Cell;
use std::ops::RangeInclusive;

/// A stream of random numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Begins a stream.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Begins the stream that belongs to a purpose within a schedule.
    pub fn of(seed: u64, purpose: u64) -> Self {
        Self(mix(seed ^ mix(purpose.wrapping_add(0x5851_F42D_4C95_7F2D))))
    }

    /// Returns the next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Returns a number below this one; 0 below 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.number() % end }
    }

    /// Returns a position in a list of this length; 0 in an empty one.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// Returns a number of a range.
    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// Says yes so many times in a thousand.
    pub fn chance(&mut self, in_thousand: u64) -> bool {
        self.below(1_000) < in_thousand
    }

    /// Returns 16 random bytes.
    pub fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.number().to_le_bytes());
        bytes[8..].copy_from_slice(&self.number().to_le_bytes());
        bytes
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

thread_local! {
    // What is simulated takes its entropy from a plain function, so the stream has to live beside it.
    static ENTROPY: Cell<u64> = const { Cell::new(0) };
}

/// Begins this thread's stream of [`entropy`].
pub fn seed_entropy(seed: u64) {
    ENTROPY.set(mix(seed ^ 0xD1B5_4A32_D192_ED03));
}

/// Returns fresh bytes, as the edge of the real program does.
pub fn entropy() -> [u8; 16] {
    let mut random = Random(ENTROPY.get());
    let bytes = random.bytes();
    ENTROPY.set(random.0);
    bytes
}
