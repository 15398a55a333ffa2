//! A checksum per row: SQLite notices a broken tree, but not a flipped bit inside a value.

/// Returns the 64-bit FNV-1a hash of the parts, each followed by its length.
/// Every step is a bijection of the hash, so one flipped bit in a part always shows.
pub(crate) fn checksum(parts: &[&[u8]]) -> i64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut feed = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for part in parts {
        part.iter().copied().for_each(&mut feed);
        (part.len() as u64).to_le_bytes().into_iter().for_each(&mut feed);
    }
    hash.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn every_single_bit_and_every_boundary_counts() {
        let text = b"the quick brown fox".to_vec();
        let whole = checksum(&[&text]);
        for bit in 0..text.len() * 8 {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(checksum(&[&flipped]), whole, "bit {bit}");
        }
        assert_ne!(checksum(&[b"ab", b"c"]), checksum(&[b"a", b"bc"]));
    }
}
