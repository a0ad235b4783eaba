//! Regions (contracts §2.1), and the two functions with which the host gets memory from a contract.

use std::ptr;

use crate::host;
use crate::misbehave;
use crate::op::Misallocation;

/// How the host is told of bytes in memory.
#[repr(C)]
pub struct Region {
    pub offset: u32,
    pub capacity: u32,
    pub length: u32,
}

impl Region {
    /// Of bytes that outlive the region. The offset is never 0, which the host refuses even for no bytes.
    pub fn of(bytes: &[u8]) -> Region {
        Region { offset: bytes.as_ptr() as u32, capacity: bytes.len() as u32, length: bytes.len() as u32 }
    }

    pub fn address(&self) -> u32 {
        self as *const Region as u32
    }
}

/// Copies what a region describes. Nothing is ever freed: a call does not last long.
pub fn read_region(address: u32) -> Vec<u8> {
    unsafe {
        let region = &*(address as *const Region);
        let mut bytes = vec![0; region.length as usize];
        ptr::copy_nonoverlapping(region.offset as *const u8, bytes.as_mut_ptr(), bytes.len());
        bytes
    }
}

/// The address of a region that stays.
pub fn leak_region(region: Region) -> u32 {
    Box::leak(Box::new(region)).address()
}

pub fn leak_bytes(bytes: Vec<u8>) -> u32 {
    leak_region(Region::of(Box::leak(bytes.into_boxed_slice())))
}

/// An empty region into which the host can write `capacity` bytes.
pub fn output_region(capacity: u32) -> u32 {
    let buffer = Box::leak(vec![0u8; capacity as usize].into_boxed_slice());
    leak_region(Region { offset: buffer.as_ptr() as u32, capacity, length: 0 })
}

/// What the next `allocate` is to do wrong. One thread and one call at a time, so a static will do.
static mut NEXT_ALLOCATE: Option<Misallocation> = None;

pub fn misallocate_next(how: Misallocation) {
    unsafe { NEXT_ALLOCATE = Some(how) }
}

#[no_mangle]
extern "C" fn allocate(size: u32) -> u32 {
    match unsafe { ptr::replace(ptr::addr_of_mut!(NEXT_ALLOCATE), None) } {
        None => output_region(size),
        Some(Misallocation::Null) => 0,
        Some(Misallocation::Outside) => u32::MAX - 15,
        Some(Misallocation::DataOutside) => {
            leak_region(Region { offset: u32::MAX - 15, capacity: size, length: 0 })
        }
        Some(Misallocation::Short) => {
            let region = output_region(size);
            unsafe { (*(region as *mut Region)).capacity = size.saturating_sub(1) }
            region
        }
        Some(Misallocation::Trap) => misbehave::unreachable(),
        Some(Misallocation::EndlessLoop) => misbehave::endless_loop(),
        Some(Misallocation::CallImport) => {
            host::db_read(b"from allocate");
            output_region(size)
        }
    }
}

/// The host never calls it.
#[no_mangle]
extern "C" fn deallocate(_region: u32) {}
