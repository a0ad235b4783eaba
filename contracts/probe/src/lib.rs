//! A contract that does whatever a message asks of it, for testing the engine that runs it.
//!
//! Every entry point takes the same operations (see [`op::Op`]), whatever the version of the contract API. What an operation
//! came to is the `data` of the response, or the answer of the query, as JSON.
//!
//! | module | owns |
//! |---|---|
//! | [`op`] | the JSON of operations and outcomes |
//! | [`json`] | any JSON, and bytes in it |
//! | [`run`] | from operation to outcome |
//! | [`memory`] | regions, `allocate` and `deallocate` |
//! | [`host`] | the imports that both versions have |
//! | `v1`, `v010` | one version of the contract API each: entry points, outputs, further imports |
//! | [`ibc`] | the entry points of IBC |
//! | [`misbehave`] | traps, endless loops, recursion, memory |
//!
//! No contract library is used: the raw bytes of arguments are wanted, and outputs that no library would write.

pub mod host;
pub mod json;
pub mod memory;
pub mod misbehave;
pub mod op;
pub mod run;

#[cfg(feature = "v010")]
pub mod v010;
#[cfg(feature = "v010")]
use v010 as api;

#[cfg(not(feature = "v010"))]
pub mod v1;
#[cfg(not(feature = "v010"))]
use v1 as api;

#[cfg(feature = "ibc")]
pub mod ibc;

/// What `version` answers.
pub const VERSION: &str = match (cfg!(feature = "v010"), cfg!(feature = "v2")) {
    (true, _) => "probe v0.10",
    (_, true) => "probe v1, second version",
    _ => "probe v1",
};
