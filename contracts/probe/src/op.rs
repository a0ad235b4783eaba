//! What can be asked.

use serde::Deserialize;

use crate::json::{Binary, Json};

/// One operation. Bytes are base64; `run` does several, one after the other.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    // ---- control
    /// Null.
    Noop {},
    /// The list of outcomes.
    Run { ops: Vec<Op> },
    /// `op`, `count` times; null.
    Repeat { count: u32, op: Box<Op> },
    /// Which probe this is.
    Version {},
    /// Bytes of arguments exactly as the contract was given them, as text; null where there is none.
    EchoEnv {},
    EchoInfo {},
    EchoMessage {},
    /// A result of this many bytes.
    LargeOutcome { length: u32 },

    // ---- storage
    /// Null. Empty keys and values are passed on as they are.
    Set { key: Binary, value: Binary },
    /// The value, or null.
    Get { key: Binary },
    Remove { key: Binary },
    /// Keys are `prefix` and a number of four bytes, big-endian, from 0; values are `size` bytes.
    SetMany { prefix: Binary, count: u32, size: u32 },
    /// How many of the keys were there.
    GetMany { prefix: Binary, count: u32 },
    RemoveMany { prefix: Binary, count: u32 },
    /// A key of `length` bytes, all `k`.
    SetLongKey { length: u32, value: Binary },
    GetLongKey { length: u32 },

    // ---- addresses: as text, or as bytes that need not be UTF-8; by the functions of the version of the contract API
    /// Null if valid, else `{"error":text}`.
    AddrValidate { address: Option<String>, bytes: Option<Binary> },
    /// The bytes, or `{"error":text}`.
    AddrCanonicalize { address: Option<String>, bytes: Option<Binary> },
    /// The text, or `{"error":text}`.
    AddrHumanize { canonical: Binary },

    // ---- cryptography: verifications give the host's code (0 is valid), the others bytes or `{"code":n}`
    Secp256k1Verify { hash: Binary, signature: Binary, public_key: Binary },
    Secp256k1RecoverPubkey { hash: Binary, signature: Binary, recovery_param: u32 },
    Secp256k1Sign { message: Binary, private_key: Binary },
    Ed25519Verify { message: Binary, signature: Binary, public_key: Binary },
    Ed25519BatchVerify { messages: Vec<Binary>, signatures: Vec<Binary>, public_keys: Vec<Binary> },
    /// Sections already encoded, rightly or wrongly.
    Ed25519BatchVerifyRaw { messages: Binary, signatures: Binary, public_keys: Binary },
    Ed25519Sign { message: Binary, private_key: Binary },
    /// The quality of verification, or `{"code":n}`.
    DcapQuoteVerify { quote: Binary, collateral: Binary },

    // ---- the rest of the host
    Debug { text: String },
    /// The raw answer, as text. `request` is JSON in a string, so that it may be malformed.
    QueryChain { request: String },
    CheckGas {},
    GasEvaporate { amount: u32 },
    /// Asks this contract the same again until `times` is 0; the raw answer, as text.
    QueryAgain { contract_addr: String, code_hash: String, times: u32 },
    /// Any import with any arguments; its result as a number, null for one without.
    CallImport { name: String, arguments: Vec<Argument> },

    // ---- misbehaviour
    Panic { message: String },
    /// An error with exactly this text: `{"Err":text}`, or in version 0.10 `{"Err":{"generic_err":{"msg":text}}}`.
    Fail { text: String },
    /// `{"Err":error}`.
    FailWith { error: Json },
    Unreachable {},
    Divide { dividend: i32, divisor: i32 },
    Remainder { dividend: i32, divisor: i32 },
    CallIndirect { index: i32 },
    CallWrongSignature {},
    EndlessLoop {},
    /// Calls of calls that use the engine's stack only. Never ends, for all purposes, with the greatest depth.
    Recurse { depth: u32 },
    /// The same with 1 KiB a call on the contract's own stack in memory (1 MiB).
    RecurseInMemory { depth: u32 },
    /// Pages before, or -1.
    MemoryGrow { pages: u32 },
    /// How often one page could be had.
    MemoryGrowUntilRefused {},
    MemorySize {},
    /// Through the allocator; every page of it is written to.
    Allocate { length: u32 },
    /// What the next call of `allocate` does wrong; the host makes it to return data.
    NextAllocate { how: Misallocation },
    /// One byte of memory, wherever.
    ReadMemory { address: u32 },
    WriteMemory { address: u32, value: u8 },
    /// Work for the processor alone; the number reached.
    Compute { iterations: u32 },
    /// A quotient rounded down, by way of floating point.
    #[cfg(feature = "floats")]
    Float { numerator: u32, denominator: u32 },

    /// What tokens tell a receiver; the whole message is recorded under `received`.
    #[serde(alias = "receive_nft", alias = "batch_receive_nft", alias = "snip1155_receive")]
    Receive {},

    // ---- the response
    /// An attribute, in version 0.10 an entry of the log.
    Attribute { key: String, value: String, plaintext: Option<bool> },
    /// Attributes as in the contract's output. Not in version 0.10.
    Event { r#type: String, attributes: Json },
    /// Instead of the outcome; null for no data at all.
    SetData { data: Option<Binary> },
    /// Messages passed on as they are: `{"id","msg","gas_limit","reply_on"}`, in version 0.10 without all this what is `msg` here.
    #[serde(alias = "send_raw")]
    Send { messages: Vec<Json> },
    /// Sends this contract the same again until `times` is 0.
    ExecuteAgain { contract_addr: String, code_hash: String, times: u32 },
    /// What to do when the reply with this id comes. Without one, a reply is only recorded (key `reply/<id>`).
    OnReply { id: u64, op: Json },
    /// What to do when `sudo` or an entry point of IBC is called. Their messages are recorded in any case (key: the name).
    OnCall { entry: String, op: Json },
    /// Instead of the whole output: these bytes; `body` `count` times between two texts; or a pointer to whatever.
    RawOutput { output: Binary },
    RawOutputOf { head: String, body: String, count: u32, tail: String },
    RawPointer { pointer: u32 },
}

/// Ways in which `allocate` can fail: with a null pointer, a pointer that is no place in memory, a region whose data are none,
/// too small a region, or not at all.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum Misallocation {
    Null,
    Outside,
    DataOutside,
    Short,
    Trap,
    EndlessLoop,
    CallImport,
}

/// An argument of an import.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "snake_case")]
pub enum Argument {
    /// As it is: a number, or an address.
    Number { value: u32 },
    /// The address of a region that describes `data`, apart from the words given.
    Region { data: Option<Binary>, offset: Option<u32>, capacity: Option<u32>, length: Option<u32> },
}
