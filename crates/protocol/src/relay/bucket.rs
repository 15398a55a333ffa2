//! A token bucket: so much at once, so much per second for long. It reads no clock.

/// What is left of what may be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// Thousandths of a unit, so that a rate of few per second loses nothing between close calls.
    left: u64,
    /// When it was last used; `None` before the first time.
    at_millis: Option<u64>,
}

impl Bucket {
    /// Makes a full bucket.
    pub(super) fn full(at_once: u32) -> Self {
        Self { left: u64::from(at_once) * 1_000, at_millis: None }
    }

    /// Takes so many units, or says after how many milliseconds they will be there. A clock that was
    /// set back adds nothing.
    pub(super) fn take(&mut self, units: u64, per_second: u32, at_once: u32, now_millis: u64) -> Result<(), u32> {
        let before = self.at_millis.replace(now_millis).unwrap_or(now_millis);
        let passed = now_millis.saturating_sub(before);
        let full = u64::from(at_once) * 1_000;
        self.left = self.left.saturating_add(passed.saturating_mul(per_second.into())).min(full);
        // What is larger than the bucket passes when the bucket is full.
        let wanted = units.saturating_mul(1_000).min(full);
        match wanted.checked_sub(self.left) {
            None | Some(0) => {
                self.left -= wanted;
                Ok(())
            }
            Some(missing) => Err(u32::try_from(missing.div_ceil(per_second.max(1).into())).unwrap_or(u32::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_at_its_rate() {
        let mut bucket = Bucket::full(3);
        let mut take = |units, now| bucket.take(units, 2, 3, now);
        assert_eq!((take(2, 1_000), take(1, 1_000)), (Ok(()), Ok(())));
        assert_eq!(take(1, 1_000), Err(500));
        assert_eq!(take(1, 1_499), Err(1));
        assert_eq!(take(1, 1_500), Ok(()));
        assert_eq!(take(3, 900_000), Ok(()), "it holds no more than three");
        assert_eq!(take(1, 900_000), Err(500));
    }

    #[test]
    fn a_clock_that_is_set_back_gives_and_takes_nothing() {
        let mut bucket = Bucket::full(1);
        assert_eq!(bucket.take(1, 1, 1, 5_000), Ok(()));
        assert_eq!(bucket.take(1, 1, 1, 10), Err(1_000));
        assert_eq!(bucket.take(1, 1, 1, 1_010), Ok(()));
    }

    #[test]
    fn what_is_larger_than_the_bucket_passes_when_it_is_full() {
        let mut bucket = Bucket::full(10);
        assert_eq!(bucket.take(100, 1, 10, 0), Ok(()));
        assert_eq!(bucket.take(1, 1, 10, 0), Err(1_000));
    }
}
