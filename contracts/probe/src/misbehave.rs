//! Traps, endless loops, recursion, memory. Everything is volatile or opaque where the compiler would see through it.

use std::arch::wasm32::{memory_grow, memory_size};
use std::ptr;

extern "C" {
    fn probe_divide(dividend: i32, divisor: i32) -> i32;
    fn probe_remainder(dividend: i32, divisor: i32) -> i32;
    fn probe_call_indirect(index: i32, argument: i32) -> i32;
    fn probe_call_wrong_signature(argument: i32) -> i32;
}

pub fn unreachable() -> ! {
    std::arch::wasm32::unreachable()
}

pub fn divide(dividend: i32, divisor: i32) -> i32 {
    unsafe { probe_divide(dividend, divisor) }
}

pub fn remainder(dividend: i32, divisor: i32) -> i32 {
    unsafe { probe_remainder(dividend, divisor) }
}

pub fn call_indirect(index: i32) -> i32 {
    unsafe { probe_call_indirect(index, 0) }
}

pub fn call_wrong_signature() -> i32 {
    unsafe { probe_call_wrong_signature(0) }
}

pub fn endless_loop() -> ! {
    let mut count = 0u32;
    loop {
        unsafe { ptr::write_volatile(&mut count, count.wrapping_add(1)) }
    }
}

/// Neither a tail call nor an accumulation, so it stays a recursion; needs no memory.
#[inline(never)]
pub fn recurse(depth: u32, seed: u32) -> u32 {
    if depth == 0 {
        return seed;
    }
    recurse(depth - 1, seed ^ depth).rotate_left(5) ^ depth
}

#[inline(never)]
pub fn recurse_in_memory(depth: u32) -> u32 {
    let mut frame = [depth; 256];
    // Volatile, so that the frame really is in memory.
    unsafe { ptr::write_volatile(&mut frame[0], depth) }
    if depth == 0 {
        return frame[0];
    }
    let deeper = recurse_in_memory(depth - 1);
    deeper.wrapping_add(frame[(deeper % 256) as usize])
}

/// Pages before, or -1.
pub fn grow(pages: u32) -> i64 {
    let before = memory_grow(0, pages as usize);
    if before == usize::MAX {
        -1
    } else {
        before as i64
    }
}

pub fn grow_until_refused() -> u64 {
    let mut times = 0;
    while grow(1) >= 0 {
        times += 1;
    }
    times
}

pub fn size() -> u64 {
    memory_size(0) as u64
}

pub fn allocate(length: u32) -> u64 {
    let mut buffer: Vec<u8> = Vec::with_capacity(length as usize);
    for offset in (0..length as usize).step_by(65_536) {
        unsafe { ptr::write_volatile(buffer.as_mut_ptr().add(offset), 1) }
    }
    buffer.capacity() as u64
}

pub fn read_memory(address: u32) -> u8 {
    unsafe { ptr::read_volatile(address as *const u8) }
}

pub fn write_memory(address: u32, value: u8) {
    unsafe { ptr::write_volatile(address as *mut u8, value) }
}

/// Mixing in the manner of a hash function: one step needs the one before, so nothing can be folded.
pub fn compute(iterations: u32) -> u32 {
    let mut state = [0x6a09_e667u32, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a];
    for round in 0..iterations {
        let [a, b, c, d] = state;
        let sum = a
            .wrapping_add(b.rotate_left(7) ^ c)
            .wrapping_add((b & c) | (!b & d))
            .wrapping_add(round);
        state = [d, sum.rotate_left(13), b, c.wrapping_add(a)];
    }
    state[0] ^ state[1] ^ state[2] ^ state[3]
}

#[cfg(feature = "floats")]
pub fn float(numerator: u32, denominator: u32) -> u64 {
    let quotient = f64::from(numerator) / f64::from(denominator);
    // By its bits: the conversion to an integer saturates in Rust, which is not needed here.
    if quotient >= 1.0 {
        quotient.to_bits()
    } else {
        0
    }
}
