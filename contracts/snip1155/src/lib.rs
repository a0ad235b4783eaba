//! A contract of many tokens, fungible and unique ones, with private balances: the core of SNIP-1155, with viewing keys.
//!
//! | module | owns |
//! |---|---|
//! | [`msg`] | the JSON of every message and answer |
//! | [`contract`] | entry points, the table from message to function, admin and curators |
//! | [`state`] | what is stored under which key |
//! | [`ledger`] | every change of a balance: curating, minting, burning, transfers, sends |
//! | [`permissions`] | what an owner lets others see or move, until when |
//! | [`query`] | read access |

pub mod contract;
pub mod ledger;
pub mod msg;
pub mod permissions;
pub mod query;
pub mod state;

#[cfg(test)]
mod tests;
