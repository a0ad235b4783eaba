//! The token against the library's mock of a chain. Addresses are plain words here; the mock canonicalises anything.

use cosmwasm_std::testing::{
    mock_dependencies, mock_env, mock_info, MockApi, MockQuerier, MockStorage, MOCK_CONTRACT_ADDR,
};
use cosmwasm_std::{
    coins, from_binary, from_slice, BankMsg, Binary, Coin, CosmosMsg, Env, OwnedDeps, Response, StdError,
    StdResult, Uint128, WasmMsg,
};
use serde::de::DeserializeOwned;

use crate::contract::{execute, instantiate, query, BLOCK_SIZE};
use crate::msg::{ExecuteAnswer, ExecuteMsg, InstantiateMsg, QueryAnswer, QueryMsg};
use crate::transaction_history::TxAction;

const WRONG_KEY: &str = "Wrong viewing key for this address or viewing key not set";

/// A chain with the token, of which alice is admin and has 1000. Everyone's viewing key is their name, except carol, who has none.
struct Chain {
    deps: OwnedDeps<MockStorage, MockApi, MockQuerier>,
    env: Env,
}

impl Chain {
    fn new() -> Self {
        Self::with_config(
            r#"{"public_total_supply":true,"enable_deposit":true,"enable_redeem":true,"enable_mint":true,"enable_burn":true}"#,
        )
    }

    fn with_config(config: &str) -> Self {
        let mut chain = Self {
            deps: mock_dependencies(),
            env: mock_env(),
        };
        let msg = format!(
            r#"{{"name":"Token","symbol":"TKN","decimals":6,"prng_seed":"c2VlZA==","config":{},
                "initial_balances":[{{"address":"alice","amount":"1000"}}]}}"#,
            config
        );
        let msg: InstantiateMsg = parse(&msg);
        instantiate(chain.deps.as_mut(), chain.env.clone(), mock_info("alice", &[]), msg).unwrap();
        for name in ["alice", "bob"] {
            chain.does(name, &format!(r#"{{"set_viewing_key":{{"key":"{}"}}}}"#, name));
        }
        chain
    }

    fn pays(&mut self, sender: &str, funds: &[Coin], msg: &str) -> StdResult<Response> {
        let msg: ExecuteMsg = parse(msg);
        execute(self.deps.as_mut(), self.env.clone(), mock_info(sender, funds), msg)
    }

    fn tries(&mut self, sender: &str, msg: &str) -> StdResult<Response> {
        self.pays(sender, &[], msg)
    }

    fn does(&mut self, sender: &str, msg: &str) -> Response {
        self.tries(sender, msg).unwrap()
    }

    fn fails(&mut self, sender: &str, msg: &str) -> String {
        message_of(self.tries(sender, msg).unwrap_err())
    }

    fn asks(&self, msg: &str) -> QueryAnswer {
        from_binary(&self.answers(msg).unwrap()).unwrap()
    }

    fn answers(&self, msg: &str) -> StdResult<Binary> {
        query(self.deps.as_ref(), self.env.clone(), parse::<QueryMsg>(msg))
    }

    fn balance_of(&self, name: &str) -> u128 {
        let msg = format!(r#"{{"balance":{{"address":"{}","key":"{}"}}}}"#, name, name);
        match self.asks(&msg) {
            QueryAnswer::Balance { amount } => amount.u128(),
            other => panic!("{:?}", other),
        }
    }

    fn total_supply(&self) -> u128 {
        match self.asks(r#"{"token_info":{}}"#) {
            QueryAnswer::TokenInfo { total_supply, .. } => total_supply.unwrap().u128(),
            other => panic!("{:?}", other),
        }
    }

    /// Amounts of a page of transfers, and the total.
    fn transfers_of(&self, name: &str, page: u32, page_size: u32) -> (Vec<u128>, u64) {
        let msg = format!(
            r#"{{"transfer_history":{{"address":"{}","key":"{}","page":{},"page_size":{}}}}}"#,
            name, name, page, page_size
        );
        match self.asks(&msg) {
            QueryAnswer::TransferHistory { txs, total } => {
                (txs.iter().map(|tx| tx.coins.amount.u128()).collect(), total)
            }
            other => panic!("{:?}", other),
        }
    }
}

fn parse<T: DeserializeOwned>(json: &str) -> T {
    from_slice(json.as_bytes()).unwrap()
}

fn message_of(error: StdError) -> String {
    match error {
        StdError::GenericErr { msg, .. } => msg,
        other => other.to_string(),
    }
}

fn data_of(response: &Response) -> ExecuteAnswer {
    from_binary(response.data.as_ref().unwrap()).unwrap()
}

#[test]
fn a_transfer_moves_the_amount_and_nothing_else() {
    let mut chain = Chain::new();
    let response = chain.does("alice", r#"{"transfer":{"recipient":"bob","amount":"300","padding":"    "}}"#);
    assert_eq!(chain.balance_of("alice"), 700);
    assert_eq!(chain.balance_of("bob"), 300);
    assert_eq!(chain.total_supply(), 1000);
    assert!(response.messages.is_empty() && response.attributes.is_empty() && response.events.is_empty());
}

#[test]
fn answers_are_padded_to_whole_blocks() {
    let mut chain = Chain::new();
    let response = chain.does("alice", r#"{"transfer":{"recipient":"bob","amount":"1"}}"#);
    let data = response.data.unwrap();
    assert_eq!(data.len(), BLOCK_SIZE);
    let text = String::from_utf8(data.to_vec()).unwrap();
    assert_eq!(text.trim_end(), r#"{"transfer":{"status":"success"}}"#);
    let answer = chain.answers(r#"{"balance":{"address":"bob","key":"bob"}}"#).unwrap();
    assert_eq!(answer.len(), BLOCK_SIZE);
}

#[test]
fn a_transfer_of_more_than_the_balance_fails() {
    let mut chain = Chain::new();
    assert_eq!(
        chain.fails("alice", r#"{"transfer":{"recipient":"bob","amount":"1001"}}"#),
        "insufficient funds: balance=1000, required=1001"
    );
}

#[test]
fn a_transfer_to_oneself_changes_no_balance_and_is_one_entry() {
    let mut chain = Chain::new();
    chain.does("alice", r#"{"transfer":{"recipient":"alice","amount":"300"}}"#);
    assert_eq!(chain.balance_of("alice"), 1000);
    assert_eq!(chain.transfers_of("alice", 0, 10), (vec![300], 1));
}

#[test]
fn a_batch_is_all_or_nothing() {
    let mut chain = Chain::new();
    chain.does(
        "alice",
        r#"{"batch_transfer":{"actions":[{"recipient":"bob","amount":"1"},{"recipient":"bob","amount":"2"}]}}"#,
    );
    assert_eq!(chain.balance_of("bob"), 3);
    // On a chain the error undoes what was written.
    let error = chain.fails(
        "alice",
        r#"{"batch_transfer":{"actions":[{"recipient":"bob","amount":"1"},{"recipient":"bob","amount":"2000"}]}}"#,
    );
    assert!(error.starts_with("insufficient funds"));
}

#[test]
fn send_calls_a_registered_receiver() {
    let mut chain = Chain::new();
    let code_hash = "ab".repeat(32);
    chain.does("shop", &format!(r#"{{"register_receive":{{"code_hash":"{}"}}}}"#, code_hash));
    let response = chain.does(
        "alice",
        r#"{"send":{"recipient":"shop","amount":"5","msg":"e30=","memo":"for tea"}}"#,
    );
    match &response.messages[0].msg {
        CosmosMsg::Wasm(WasmMsg::Execute { contract_addr, code_hash: called, msg, funds }) => {
            assert_eq!((contract_addr.as_str(), called, funds.len()), ("shop", &code_hash, 0));
            assert_eq!(msg.len(), BLOCK_SIZE);
            assert_eq!(
                String::from_utf8(msg.to_vec()).unwrap().trim_end(),
                r#"{"receive":{"sender":"alice","from":"alice","amount":"5","memo":"for tea","msg":"e30="}}"#
            );
        }
        other => panic!("{:?}", other),
    }
}

#[test]
fn send_to_an_account_without_a_code_hash_calls_nobody() {
    let mut chain = Chain::new();
    let response = chain.does("alice", r#"{"send":{"recipient":"bob","amount":"5"}}"#);
    assert!(response.messages.is_empty());
    assert_eq!(chain.balance_of("bob"), 5);
}

#[test]
fn an_allowance_is_used_up() {
    let mut chain = Chain::new();
    let response = chain.does("alice", r#"{"increase_allowance":{"spender":"bob","amount":"10"}}"#);
    assert!(matches!(data_of(&response), ExecuteAnswer::IncreaseAllowance { allowance, .. } if allowance == Uint128::new(10)));
    chain.does("bob", r#"{"transfer_from":{"owner":"alice","recipient":"carol","amount":"7"}}"#);
    assert_eq!(chain.balance_of("alice"), 993);
    assert_eq!(
        chain.fails("bob", r#"{"transfer_from":{"owner":"alice","recipient":"carol","amount":"4"}}"#),
        "insufficient allowance: allowance=3, required=4"
    );
    for key in ["alice", "bob"] {
        let answer = chain.asks(&format!(
            r#"{{"allowance":{{"owner":"alice","spender":"bob","key":"{}"}}}}"#,
            key
        ));
        assert!(matches!(answer, QueryAnswer::Allowance { allowance, .. } if allowance == Uint128::new(3)));
    }
    let answer = chain.asks(r#"{"allowance":{"owner":"alice","spender":"bob","key":"carol"}}"#);
    assert_eq!(answer, QueryAnswer::ViewingKeyError { msg: WRONG_KEY.to_string() });
}

#[test]
fn an_allowance_expires() {
    let mut chain = Chain::new();
    let now = chain.env.block.time.seconds();
    chain.does(
        "alice",
        &format!(r#"{{"increase_allowance":{{"spender":"bob","amount":"10","expiration":{}}}}}"#, now + 5),
    );
    chain.env.block.time = chain.env.block.time.plus_seconds(5);
    assert_eq!(
        chain.fails("bob", r#"{"burn_from":{"owner":"alice","amount":"1"}}"#),
        "insufficient allowance: allowance=0, required=1"
    );
    // What was left does not come back.
    let response = chain.does(
        "alice",
        &format!(r#"{{"increase_allowance":{{"spender":"bob","amount":"2","expiration":{}}}}}"#, now + 50),
    );
    assert!(matches!(data_of(&response), ExecuteAnswer::IncreaseAllowance { allowance, .. } if allowance == Uint128::new(2)));
}

#[test]
fn a_decreased_allowance_stops_at_zero() {
    let mut chain = Chain::new();
    chain.does("alice", r#"{"increase_allowance":{"spender":"bob","amount":"10"}}"#);
    let response = chain.does("alice", r#"{"decrease_allowance":{"spender":"bob","amount":"11"}}"#);
    assert!(matches!(data_of(&response), ExecuteAnswer::DecreaseAllowance { allowance, .. } if allowance.is_zero()));
}

#[test]
fn a_wrong_viewing_key_and_none_look_the_same() {
    let chain = Chain::new();
    let error = QueryAnswer::ViewingKeyError { msg: WRONG_KEY.to_string() };
    for address in ["alice", "carol", "stranger"] {
        for query in ["balance", "transfer_history", "transaction_history"] {
            let msg = format!(r#"{{"{}":{{"address":"{}","key":"x","page_size":1}}}}"#, query, address);
            assert_eq!(chain.asks(&msg), error);
        }
    }
    let text = chain.answers(r#"{"balance":{"address":"carol","key":""}}"#).unwrap();
    assert_eq!(
        String::from_utf8(text.to_vec()).unwrap().trim_end(),
        format!(r#"{{"viewing_key_error":{{"msg":"{}"}}}}"#, WRONG_KEY)
    );
}

#[test]
fn a_created_viewing_key_opens_the_account_with_or_without_random() {
    let mut chain = Chain::new();
    let mut keys = Vec::new();
    for random in [None, Some(Binary::from([7u8; 32]))] {
        chain.env.block.random = random;
        let response = chain.does("carol", r#"{"create_viewing_key":{"entropy":"same"}}"#);
        let key = match data_of(&response) {
            ExecuteAnswer::CreateViewingKey { key } => key,
            other => panic!("{:?}", other),
        };
        assert!(key.starts_with("api_key_"));
        let answer = chain.asks(&format!(r#"{{"balance":{{"address":"carol","key":"{}"}}}}"#, key));
        assert_eq!(answer, QueryAnswer::Balance { amount: Uint128::zero() });
        keys.push(key);
    }
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_deposit_takes_uscrt_only() {
    let mut chain = Chain::new();
    chain.pays("bob", &coins(40, "uscrt"), r#"{"deposit":{}}"#).unwrap();
    assert_eq!((chain.balance_of("bob"), chain.total_supply()), (40, 1040));
    let error = chain.pays("bob", &coins(40, "uatom"), r#"{"deposit":{}}"#).unwrap_err();
    assert_eq!(message_of(error), "Tried to deposit an unsupported coin: uatom");
    assert_eq!(chain.fails("bob", r#"{"deposit":{}}"#), "No funds were sent to be deposited");
}

#[test]
fn a_redemption_is_paid_out() {
    let mut chain = Chain::new();
    let response = chain.does("alice", r#"{"redeem":{"amount":"400"}}"#);
    let payment = BankMsg::Send {
        to_address: "alice".to_string(),
        amount: coins(400, "uscrt"),
    };
    assert_eq!(response.messages[0].msg, payment.into());
    assert_eq!((chain.balance_of("alice"), chain.total_supply()), (600, 600));
    assert!(chain.tries("alice", r#"{"redeem":{"amount":"1","denom":"uatom"}}"#).is_err());
}

#[test]
fn what_is_not_enabled_is_refused() {
    let mut chain = Chain::with_config("{}");
    for (message, noun) in [
        (r#"{"deposit":{}}"#, "Deposit"),
        (r#"{"redeem":{"amount":"1"}}"#, "Redeem"),
        (r#"{"mint":{"recipient":"bob","amount":"1"}}"#, "Mint"),
        (r#"{"burn":{"amount":"1"}}"#, "Burn"),
    ] {
        let expected = format!("{} functionality is not enabled for this token.", noun);
        assert_eq!(chain.fails("alice", message), expected);
    }
    assert!(matches!(
        chain.asks(r#"{"token_info":{}}"#),
        QueryAnswer::TokenInfo { total_supply: None, .. }
    ));
}

#[test]
fn only_minters_mint() {
    let mut chain = Chain::new();
    let mint = r#"{"mint":{"recipient":"bob","amount":"5"}}"#;
    assert_eq!(chain.fails("bob", mint), "Minting is allowed to minter accounts only");
    chain.does("alice", r#"{"add_minters":{"minters":["bob","bob"]}}"#);
    chain.does("bob", mint);
    assert_eq!((chain.balance_of("bob"), chain.total_supply()), (5, 1005));
    chain.does("alice", r#"{"remove_minters":{"minters":["alice"]}}"#);
    match chain.asks(r#"{"minters":{}}"#) {
        QueryAnswer::Minters { minters } => assert_eq!(minters, ["bob"]),
        other => panic!("{:?}", other),
    }
    chain.does("alice", r#"{"set_minters":{"minters":[]}}"#);
    assert!(chain.tries("bob", mint).is_err());
}

#[test]
fn only_the_admin_administers() {
    let mut chain = Chain::new();
    for message in [
        r#"{"change_admin":{"address":"bob"}}"#,
        r#"{"set_contract_status":{"level":"stop_all"}}"#,
        r#"{"set_minters":{"minters":["bob"]}}"#,
    ] {
        assert!(chain.fails("bob", message).starts_with("This is an admin command."));
    }
    chain.does("alice", r#"{"change_admin":{"address":"bob"}}"#);
    assert!(chain.tries("alice", r#"{"change_admin":{"address":"alice"}}"#).is_err());
    chain.does("bob", r#"{"change_admin":{"address":"alice"}}"#);
}

#[test]
fn a_stopped_contract_allows_what_its_status_says() {
    let mut chain = Chain::new();
    let stopped = "This contract is stopped and this action is not allowed";
    chain.does("alice", r#"{"set_contract_status":{"level":"stop_all_but_redeems"}}"#);
    assert_eq!(chain.fails("alice", r#"{"transfer":{"recipient":"bob","amount":"1"}}"#), stopped);
    chain.does("alice", r#"{"redeem":{"amount":"1"}}"#);
    chain.does("alice", r#"{"set_contract_status":{"level":"stop_all"}}"#);
    assert_eq!(chain.fails("alice", r#"{"redeem":{"amount":"1"}}"#), stopped);
    chain.does("alice", r#"{"set_contract_status":{"level":"normal_run"}}"#);
    chain.does("alice", r#"{"transfer":{"recipient":"bob","amount":"1"}}"#);
}

#[test]
fn history_is_paged_from_the_newest_on_and_passes_over_what_is_no_transfer() {
    let mut chain = Chain::new();
    for amount in 1..=5 {
        chain.does("alice", &format!(r#"{{"transfer":{{"recipient":"bob","amount":"{}"}}}}"#, amount));
    }
    chain.does("alice", r#"{"burn":{"amount":"1","memo":"ashes"}}"#);
    // Alice has a mint and a burn among her entries, bob has transfers only: two ways of paging, one result.
    for name in ["alice", "bob"] {
        assert_eq!(chain.transfers_of(name, 0, 2), (vec![5, 4], 5));
        assert_eq!(chain.transfers_of(name, 2, 2), (vec![1], 5));
        assert_eq!(chain.transfers_of(name, 3, 2), (vec![], 5));
    }
    match chain.asks(r#"{"transaction_history":{"address":"alice","key":"alice","page_size":10}}"#) {
        QueryAnswer::TransactionHistory { txs, total } => {
            assert_eq!((txs.len(), total), (7, 7));
            assert_eq!(txs.iter().map(|tx| tx.id).collect::<Vec<_>>(), [7, 6, 5, 4, 3, 2, 1]);
            assert!(matches!(&txs[0].action, TxAction::Burn { owner, .. } if *owner == "alice"));
            assert_eq!(txs[0].memo.as_deref(), Some("ashes"));
            assert!(matches!(&txs[6].action, TxAction::Mint { recipient, .. } if *recipient == "alice"));
        }
        other => panic!("{:?}", other),
    }
}

#[test]
fn a_spender_sees_the_transfers_it_asked_for() {
    let mut chain = Chain::new();
    chain.does("alice", r#"{"increase_allowance":{"spender":"bob","amount":"10"}}"#);
    chain.does("bob", r#"{"transfer_from":{"owner":"alice","recipient":"carol","amount":"7"}}"#);
    assert_eq!(chain.transfers_of("bob", 0, 5), (vec![7], 1));
    assert_eq!(chain.balance_of("bob"), 0);
}

/// A permit signed with the key `01 01 …` for the mock's own contract address.
struct Signed<'a> {
    permissions: &'a str,
    signature: String,
}

/// Signs as a wallet does: SHA-256 of the amino sign document, keys sorted.
fn sign<'a>(permissions: &'a str, name: &str) -> Signed<'a> {
    use cosmwasm_std::Api;
    let document = format!(
        r#"{{"account_number":"0","chain_id":"secret-4","fee":{{"amount":[{{"amount":"0","denom":"uscrt"}}],"gas":"1"}},"memo":"","msgs":[{{"type":"query_permit","value":{{"allowed_tokens":["{}"],"permissions":["{}"],"permit_name":"{}"}}}}],"sequence":"0"}}"#,
        MOCK_CONTRACT_ADDR, permissions, name
    );
    let signature = MockApi::default()
        .secp256k1_sign(document.as_bytes(), &[1u8; 32])
        .unwrap();
    Signed {
        permissions,
        signature: Binary::from(signature).to_base64(),
    }
}

/// Public key and address of the private key `01 01 …`.
const SIGNER_PUBLIC_KEY: &str = "AxuExVZ7EmRAmV0+1aq6BWXXHhg0YEgZ/5wX9enV3QeP";

fn with_permit(signed: &Signed, name: &str, query: &str) -> String {
    format!(
        r#"{{"with_permit":{{"query":{},"permit":{{"params":{{"permit_name":"{}","allowed_tokens":["{}"],"chain_id":"secret-4","permissions":["{}"]}},"signature":{{"pub_key":{{"type":"tendermint/PubKeySecp256k1","value":"{}"}},"signature":"{}"}}}}}}}}"#,
        query, name, MOCK_CONTRACT_ADDR, signed.permissions, SIGNER_PUBLIC_KEY, signed.signature
    )
}

fn signer_address() -> String {
    let public_key = Binary::from_base64(SIGNER_PUBLIC_KEY).unwrap();
    let canonical = secret_toolkit::permit::pubkey_to_account(&public_key);
    bech32_of(canonical.as_slice())
}

/// Bech32 with the prefix of the network, written out here so that the toolkit's is not its own witness.
fn bech32_of(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let mut words = Vec::new();
    let (mut buffer, mut bits) = (0u32, 0);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            words.push(((buffer >> bits) & 31) as u8);
        }
    }
    if bits > 0 {
        words.push(((buffer << (5 - bits)) & 31) as u8);
    }
    let polymod = |values: &[u8]| {
        let generator = [0x3b6a57b2u32, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
        values.iter().fold(1u32, |checksum, value| {
            let top = checksum >> 25;
            let next = ((checksum & 0x1ff_ffff) << 5) ^ u32::from(*value);
            (0..5).fold(next, |sum, i| if (top >> i) & 1 == 1 { sum ^ generator[i] } else { sum })
        })
    };
    let mut values: Vec<u8> = b"secret".iter().map(|byte| byte >> 5).collect();
    values.push(0);
    values.extend(b"secret".iter().map(|byte| byte & 31));
    values.extend(&words);
    values.extend([0; 6]);
    let checksum = polymod(&values) ^ 1;
    words.extend((0..6).map(|i| ((checksum >> (5 * (5 - i))) & 31) as u8));
    let data: String = words.iter().map(|word| ALPHABET[*word as usize] as char).collect();
    format!("secret1{}", data)
}

#[test]
fn a_permit_opens_what_it_permits_and_no_more() {
    let mut chain = Chain::new();
    let signer = signer_address();
    chain.does("alice", &format!(r#"{{"transfer":{{"recipient":"{}","amount":"12"}}}}"#, signer));
    let signed = sign("balance", "mine");
    assert_eq!(
        chain.asks(&with_permit(&signed, "mine", r#"{"balance":{}}"#)),
        QueryAnswer::Balance { amount: Uint128::new(12) }
    );
    let error = chain
        .answers(&with_permit(&signed, "mine", r#"{"transfer_history":{"page_size":5}}"#))
        .unwrap_err();
    assert!(message_of(error).starts_with("No permission to query history"));

    let owner = sign("owner", "mine");
    assert!(matches!(
        chain.asks(&with_permit(&owner, "mine", r#"{"transaction_history":{"page_size":5}}"#)),
        QueryAnswer::TransactionHistory { total: 1, .. }
    ));
    let error = chain
        .answers(&with_permit(&owner, "mine", r#"{"allowance":{"owner":"alice","spender":"bob"}}"#))
        .unwrap_err();
    assert!(message_of(error).starts_with("Cannot query allowance."));
}

#[test]
fn a_permit_with_anything_changed_does_not_verify() {
    let chain = Chain::new();
    let signed = sign("balance", "mine");
    let error = chain.answers(&with_permit(&signed, "other", r#"{"balance":{}}"#)).unwrap_err();
    assert_eq!(message_of(error), "Failed to verify signatures for the given permit");
    let other_token = with_permit(&signed, "mine", r#"{"balance":{}}"#).replace(MOCK_CONTRACT_ADDR, "elsewhere");
    assert!(message_of(chain.answers(&other_token).unwrap_err()).starts_with("Permit doesn't apply to token"));
}

#[test]
fn a_revoked_permit_is_refused() {
    let mut chain = Chain::new();
    let signed = sign("balance", "mine");
    chain.does(&signer_address(), r#"{"revoke_permit":{"permit_name":"mine"}}"#);
    let error = chain.answers(&with_permit(&signed, "mine", r#"{"balance":{}}"#)).unwrap_err();
    assert!(message_of(error).contains("was revoked by account"));
}

#[test]
fn a_description_out_of_bounds_is_refused() {
    for (name, symbol, decimals) in [("ab", "TKN", 6), ("Token", "T", 6), ("Token", "T_N", 6), ("Token", "TKN", 19)] {
        let msg = format!(
            r#"{{"name":"{}","symbol":"{}","decimals":{},"prng_seed":""}}"#,
            name, symbol, decimals
        );
        let result = instantiate(
            mock_dependencies().as_mut(),
            mock_env(),
            mock_info("alice", &[]),
            parse(&msg),
        );
        assert!(result.is_err(), "{}", msg);
    }
}

#[test]
fn the_answers_have_the_names_of_the_specification() {
    let chain = Chain::new();
    for (query, answer) in [
        (
            r#"{"token_info":{}}"#,
            r#"{"token_info":{"name":"Token","symbol":"TKN","decimals":6,"total_supply":"1000"}}"#,
        ),
        (
            r#"{"token_config":{}}"#,
            r#"{"token_config":{"public_total_supply":true,"deposit_enabled":true,"redeem_enabled":true,"mint_enabled":true,"burn_enabled":true}}"#,
        ),
        (r#"{"exchange_rate":{}}"#, r#"{"exchange_rate":{"rate":"1","denom":"uscrt"}}"#),
        (r#"{"minters":{}}"#, r#"{"minters":{"minters":["alice"]}}"#),
        (r#"{"contract_status":{}}"#, r#"{"contract_status":{"status":"normal_run"}}"#),
    ] {
        let text = chain.answers(query).unwrap();
        assert_eq!(String::from_utf8(text.to_vec()).unwrap().trim_end(), answer);
    }
}
