//! What the two collections have in common.
//!
//! | module | owns |
//! |---|---|
//! | [`expiration`] | until when a permission holds |
//! | [`authentication`] | viewing keys |
//! | [`receivers`] | contracts that are told of what they are sent |

pub mod authentication;
pub mod expiration;
pub mod receivers;

/// Answers and calls are filled up with spaces to a multiple of this, so that their length says little.
pub const BLOCK_SIZE: usize = 256;
