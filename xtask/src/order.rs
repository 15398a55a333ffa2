//! The order of a program's functions. Compression looks back [`WINDOW`] bytes at most, so functions that resemble
//! each other should stand near each other.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};

/// How far back gzip looks, less what the function itself takes.
const WINDOW: usize = 28 << 10;
/// How long a run of bytes must be to count as shared.
const RUN: usize = 8;
/// Runs that stand in more functions than this say little about any of them.
const COMMON: usize = 200;

const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const CODE: u8 = 10;

/// Returns the module with the names of its functions replaced by their places: sorted by name, they stand in order.
pub(crate) fn name_by_place(module: &[u8]) -> Result<Vec<u8>> {
    let header = module.get(..8).context("this is no WebAssembly module")?;
    let mut named = header.to_vec();
    let mut imported = 0;
    let mut bodies = vec![];
    let mut input = Input(&module[8..]);
    while !input.0.is_empty() {
        let before = input.0;
        let kind = input.byte()?;
        let content = input.block()?;
        match kind {
            IMPORT => imported = Input(content).imported_functions()?,
            CODE => bodies = Input(content).blocks()?,
            CUSTOM if Input(content).block()? == b"name" => continue,
            _ => {}
        }
        named.extend_from_slice(&before[..before.len() - input.0.len()]);
    }
    let mut places = vec![0; bodies.len()];
    for (place, function) in order(&bodies).into_iter().enumerate() {
        places[function] = place;
    }
    let mut listed = number(places.len());
    for (function, place) in places.into_iter().enumerate() {
        listed.extend(number(imported + function));
        listed.extend(block(format!("{place:08}").as_bytes()));
    }
    let section = [block(b"name"), vec![1], block(&listed)].concat();
    named.push(CUSTOM);
    named.extend(block(&section));
    Ok(named)
}

/// Returns the functions in order: next is always the one of which the largest part stands in the window already.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let mut holders: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (function, body) in bodies.iter().enumerate() {
        for run in body.windows(RUN) {
            let holders = holders.entry(run).or_default();
            if holders.last() != Some(&function) {
                holders.push(function);
            }
        }
    }
    holders.retain(|_, holders| (2..=COMMON).contains(&holders.len()));
    let holders: Vec<Vec<usize>> = holders.into_values().collect();
    let mut runs = vec![vec![]; bodies.len()];
    for (run, holders) in holders.iter().enumerate() {
        for &function in holders {
            runs[function].push(run);
        }
    }
    let mut in_window = vec![0_u32; holders.len()];
    let mut shared = vec![0_usize; bodies.len()];
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut order: Vec<usize> = vec![];
    let (mut oldest, mut size) = (0, 0);
    while !left.is_empty() {
        // Of a short function a large part stands anywhere.
        let length = |function: usize| bodies[function].len().max(20);
        let mut best = 0;
        for at in 1..left.len() {
            let (one, other) = (left[at], left[best]);
            if shared[one] * length(other) > shared[other] * length(one) {
                best = at;
            }
        }
        let next = left.remove(best);
        order.push(next);
        size += bodies[next].len();
        for &run in &runs[next] {
            in_window[run] += 1;
            if in_window[run] == 1 {
                holders[run].iter().for_each(|&function| shared[function] += 1);
            }
        }
        while size > WINDOW && oldest + 1 < order.len() {
            let gone = order[oldest];
            oldest += 1;
            size -= bodies[gone].len();
            for &run in &runs[gone] {
                in_window[run] -= 1;
                if in_window[run] == 0 {
                    holders[run].iter().for_each(|&function| shared[function] -= 1);
                }
            }
        }
    }
    order
}

/// What is left to read of a module.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.0.split_first().context("the module ends early")?;
        self.0 = rest;
        Ok(byte)
    }

    /// Reads an unsigned LEB128 number.
    fn number(&mut self) -> Result<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        anyhow::bail!("a number is too long")
    }

    /// Reads bytes that follow their length.
    fn block(&mut self) -> Result<&'a [u8]> {
        let length = self.number()?;
        ensure!(length <= self.0.len(), "the module ends early");
        let (block, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(block)
    }

    fn blocks(&mut self) -> Result<Vec<&'a [u8]>> {
        (0..self.number()?).map(|_| self.block()).collect()
    }

    /// Counts the functions that an import section brings. Only functions are imported by what wasm-bindgen makes.
    fn imported_functions(&mut self) -> Result<usize> {
        let count = self.number()?;
        for _ in 0..count {
            self.block()?;
            self.block()?;
            ensure!(self.byte()? == 0, "something other than a function is imported");
            self.number()?;
        }
        Ok(count)
    }
}

/// Writes an unsigned LEB128 number.
fn number(mut number: usize) -> Vec<u8> {
    let mut bytes = vec![];
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
    bytes
}

/// Writes bytes after their length.
fn block(bytes: &[u8]) -> Vec<u8> {
    [&number(bytes.len()), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four functions, of which the first and the third, and the second and the fourth, are alike.
    fn bodies() -> Vec<Vec<u8>> {
        let text =
            |seed: u32| (0..200_u32).map(move |at| ((at + 1) * (at + seed)).to_le_bytes()[0]).collect::<Vec<u8>>();
        let (one, other) = (text(3), text(70));
        vec![one.clone(), other.clone(), [&[1], &one[..]].concat(), [&[1], &other[..]].concat()]
    }

    fn module() -> Vec<u8> {
        let bodies: Vec<u8> = bodies().iter().flat_map(|body| block(body)).collect();
        let code = block(&[number(4), bodies].concat());
        let names = block(&[block(b"name"), vec![1, 1, 0]].concat());
        [&b"\0asm\x01\0\0\0"[..], &[CUSTOM], &names, &[CODE], &code].concat()
    }

    #[test]
    fn functions_that_are_alike_stand_together() {
        let bodies = bodies();
        let order = order(&bodies.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(order, [0, 2, 1, 3]);
    }

    #[test]
    fn names_say_the_places() {
        let named = name_by_place(&module()).unwrap();
        let expected: Vec<u8> =
            [&[4][..], b"\0\x0800000000", b"\x01\x0800000002", b"\x02\x0800000001", b"\x03\x0800000003"].concat();
        assert!(named.ends_with(&expected));
        assert_eq!(named.windows(4).filter(|bytes| bytes == b"name").count(), 1);
    }

    #[test]
    fn a_module_that_is_cut_short_is_refused() {
        let module = module();
        assert!(
            (0..module.len()).filter(|&length| name_by_place(&module[..length]).is_err()).count() > module.len() / 2
        );
        assert!(name_by_place(b"").is_err());
    }
}
