//! A contract that does whatever a message asks of it, for testing the engine that runs it.
//!
//! Every entry point takes the same operations (see [`op::Op`]). What an operation came to is the `data` of the response, or
//! the answer of the query, as JSON.
//!
//! | module | owns |
//! |---|---|
//! | [`op`] | the JSON of operations and outcomes |
//! | [`entry`] | entry points, by hand: the raw bytes of the arguments are wanted, and outputs that no library would write |
//! | [`run`] | from operation to outcome |
//! | [`host`] | the imports, without a library in between |
//! | [`misbehave`] | traps, endless loops, recursion, memory |

pub mod entry;
pub mod host;
pub mod misbehave;
pub mod op;
pub mod run;
