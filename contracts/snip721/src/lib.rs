//! A collection of unique tokens with private owners and private metadata: the core of SNIP-721, with viewing keys.
//!
//! | module | owns |
//! |---|---|
//! | [`msg`] | the JSON of every message and answer |
//! | [`contract`] | entry points, the table from message to function, admin and minters |
//! | [`state`] | what is stored under which key |
//! | [`approvals`] | who may see or move what, until when |
//! | [`tokens`] | minting, transfers, sends, burning |
//! | [`query`] | read access |

pub mod approvals;
pub mod contract;
pub mod msg;
pub mod query;
pub mod state;
pub mod tokens;

#[cfg(test)]
mod tests;
