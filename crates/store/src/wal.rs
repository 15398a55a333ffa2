//! The write-ahead log's file format, as far as salvage needs it.

use crate::salvage::number;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// The two magic numbers, without the last bit, which tells the checksums' byte order.
const MAGIC: u32 = 0x377f_0682;

/// A write-ahead log of a known page size.
pub(crate) struct Wal<'a> {
    pub(crate) page_size: usize,
    salts: &'a [u8],
    frames: &'a [u8],
}

impl<'a> Wal<'a> {
    /// Reads the header. `None`: it is not a write-ahead log.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        if number(bytes, 0)? & !1 != MAGIC || bytes.len() < HEADER {
            return None;
        }
        let page_size = number(bytes, 8)? as usize;
        let sane = page_size.is_power_of_two() && (512..=65536).contains(&page_size);
        sane.then(|| Self { page_size, salts: &bytes[16..24], frames: &bytes[HEADER..] })
    }

    /// Returns the pages that were written since the log began anew, oldest first, with their numbers.
    /// Frames are not checked: the rows in them are.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (u32, &'a [u8])> {
        let salts = self.salts;
        let frames = self.frames.chunks_exact(FRAME_HEADER + self.page_size);
        frames
            .filter(move |frame| frame[8..16] == *salts)
            .filter_map(|frame| Some((number(frame, 0)?, &frame[FRAME_HEADER..])))
    }
}
