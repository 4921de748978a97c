//! What a fuzzer does to its seeds, in little.

/// A change of bytes: which kind, at which places, and a byte to put there.
pub type Change = (u8, usize, usize, u8);

/// Changes some bytes, moves them, leaves them out or puts some in.
pub fn mutate(seed: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for &(kind, one, other, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let (one, other) = (one % bytes.len(), other % bytes.len());
        match kind % 6 {
            0 => bytes[one] = byte,
            1 => bytes[one] ^= 1 << (byte % 8),
            2 => bytes.swap(one, other),
            3 => bytes.truncate(one.max(other)),
            4 => drop(bytes.drain(one.min(other)..one.max(other))),
            _ => {
                let piece = bytes[one.min(other)..one.max(other)].to_vec();
                bytes.splice(one..one, piece);
            }
        }
    }
    bytes
}
