//! Randomness from the browser's cryptographic generator.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Crypto;
    #[wasm_bindgen(thread_local_v2, js_name = crypto)]
    static CRYPTO: Crypto;
    #[wasm_bindgen(method, structural, js_name = getRandomValues)]
    fn get_random_values(this: &Crypto, bytes: &mut [u8]);
}

/// The most bytes that the browser gives at once.
const AT_ONCE: usize = 65_536;

/// Fills a slice.
pub fn fill(bytes: &mut [u8]) {
    CRYPTO.with(|crypto| {
        for part in bytes.chunks_mut(AT_ONCE) {
            crypto.get_random_values(part);
        }
    });
}

/// Returns sixteen bytes, as ids are made from.
pub fn bytes16() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    bytes
}

/// Returns thirty-two bytes, as a notebook's secret is made from.
pub fn bytes32() -> [u8; 32] {
    let mut bytes = [0; 32];
    fill(&mut bytes);
    bytes
}
