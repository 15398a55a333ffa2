//! A bounded run of every target: altered samples and noise, always the same ones.

use fuzz::{TARGETS, samples};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// How many inputs each target gets.
const INPUTS: u64 = 20_000;
/// How much memory one input may take at once: this, and so many times its own length.
const ALLOWANCE: usize = 4 << 20;
const TIMES: usize = 64;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("fits")
    }
}

/// Numbers at which readers break.
const EXTREMES: &[&[u8]] = &[
    &[0xff; 9],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x5a, 0xff, 0xff, 0xff, 0xff],
    &[0x9a, 0x7f, 0xff, 0xff, 0xff],
    &[0xba, 0x7f, 0xff, 0xff, 0xff],
    &[0x9b, 0x20, 0, 0, 0, 0, 0, 0, 0],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x81; 64],
];

fn alter(random: &mut Random, input: &mut Vec<u8>, samples: &[Vec<u8>]) {
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        match random.below(7) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => input[at] = random.next().to_le_bytes()[0],
            2 => input.truncate(at),
            3 => drop(input.splice(at..at, EXTREMES[random.below(EXTREMES.len())].iter().copied())),
            4 => {
                let extreme = EXTREMES[random.below(EXTREMES.len())];
                let end = (at + extreme.len()).min(input.len());
                input.splice(at..end, extreme.iter().copied());
            }
            5 => {
                let other = &samples[random.below(samples.len())];
                let from = random.below(other.len() + 1);
                input.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let end = (at + random.below(16)).min(input.len());
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
        }
    }
}

#[test]
fn no_input_panics_or_takes_memory_beyond_its_measure() {
    let samples = samples();
    for target in TARGETS {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for sample in &samples {
            (target.feed)(sample);
        }
        for number in 0..INPUTS {
            let mut input = samples[random.below(samples.len())].clone();
            alter(&mut random, &mut input, &samples);
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            (target.feed)(&input);
            let taken = MEMORY.peak_usage().saturating_sub(before);
            let allowed = ALLOWANCE + TIMES * input.len();
            assert!(
                taken <= allowed,
                "{} took {taken} bytes for input {number} of {} bytes: {input:?}",
                target.name,
                input.len()
            );
        }
    }
}
