//! A private token: SNIP-20 with viewing keys, SNIP-24 permits and the batch messages of SNIP-22.
//!
//! | module | owns |
//! |---|---|
//! | [`msg`] | the JSON of every message and answer |
//! | [`contract`] | entry points and the table from message to function |
//! | [`state`] | what is stored under which key |
//! | [`ledger`] | every change of a balance, and its entry in the history |
//! | [`transaction_history`] | the entries and their paging |
//! | [`transfers`], [`allowances`], [`supply`], [`admin`], [`receive`], [`authentication`] | one group of messages each |
//! | [`query`] | read access |

pub mod admin;
pub mod allowances;
pub mod authentication;
pub mod contract;
pub mod ledger;
pub mod msg;
pub mod query;
pub mod receive;
pub mod state;
pub mod supply;
pub mod transaction_history;
pub mod transfers;

#[cfg(test)]
mod tests;
