//! Transactions that call one contract, on the Ethereum virtual machine `revm`: an interpreter with
//! hash maps, 256-bit arithmetic and Keccak-256 behind it.
//!
//! Input: the contract's code, then what each transaction calls it with; each of these starts with
//! its length in bytes (u32, little-endian). Output: a chain of hashes over what the transactions
//! gave. A link is Keccak-256 of the link before (zeros at first), the gas used (u64, big-endian),
//! 1 or 0 for success or failure, the bytes returned, and topics and data of each log.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;

use revm::bytecode::Bytecode;
use revm::context::result::ExecutionResult;
use revm::context::{ContextTr, Evm, TxEnv};
use revm::context_interface::Cfg;
use revm::database::{CacheDB, EmptyDB};
use revm::handler::instructions::EthInstructions;
use revm::handler::{EthFrame, PrecompileProvider};
use revm::interpreter::{CallInputs, InterpreterResult};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, AddressSet, B256, Bytes, TxKind, keccak256};
use revm::state::AccountInfo;
use revm::{Context, ExecuteCommitEvm, MainContext};

autoprec_guest_rt::entry!(main);

const CALLER: Address = Address::repeat_byte(0x11);
const CONTRACT: Address = Address::repeat_byte(0x22);
const GAS_LIMIT: u64 = 10_000_000;
const SPEC: SpecId = SpecId::PRAGUE;

fn main() {
    let mut input = autoprec_guest_rt::read_input();
    let code = Bytecode::new_raw(Bytes::from_static(part(&mut input)));
    let mut state = CacheDB::new(EmptyDB::default());
    state.insert_account_info(CONTRACT, AccountInfo::default().with_code(code));
    let context = Context::mainnet()
        .modify_cfg_chained(|config| config.set_spec_and_mainnet_gas_params(SPEC))
        .with_db(state);
    let instructions = EthInstructions::new_mainnet_with_spec(SPEC);
    let mut evm: Evm<_, (), _, _, EthFrame> =
        Evm::new(context, instructions, NoPrecompiles::default());
    let mut link = B256::ZERO;
    let mut nonce = 0;
    while !input.is_empty() {
        let transaction = TxEnv::builder()
            .caller(CALLER)
            .nonce(nonce)
            .kind(TxKind::Call(CONTRACT))
            .data(Bytes::from_static(part(&mut input)))
            .gas_limit(GAS_LIMIT)
            .build()
            .expect("caller, nonce, callee and limit make a transaction");
        let result = evm.transact_commit(transaction).expect("the transaction is valid");
        link = next_link(link, &result);
        nonce += 1;
    }
    autoprec_guest_rt::reveal(&link.0);
}

/// An Ethereum without precompiled contracts: theirs would be nine tenths of the program's code.
#[derive(Default)]
struct NoPrecompiles(AddressSet);

impl<C: ContextTr> PrecompileProvider<C> for NoPrecompiles {
    type Output = InterpreterResult;

    fn set_spec(&mut self, _: <C::Cfg as Cfg>::Spec) -> bool {
        false
    }

    fn run(&mut self, _: &mut C, _: &CallInputs) -> Result<Option<InterpreterResult>, String> {
        Ok(None)
    }

    fn warm_addresses(&self) -> &AddressSet {
        &self.0
    }
}

/// Takes the next part off the input.
fn part(input: &mut &'static [u8]) -> &'static [u8] {
    let (length, rest) =
        input.split_first_chunk().expect("a part of the input starts with a length of 4 bytes");
    let length = u32::from_le_bytes(*length) as usize;
    let (part, rest) =
        rest.split_at_checked(length).expect("a part of the input is as long as it says");
    *input = rest;
    part
}

fn next_link(link: B256, result: &ExecutionResult) -> B256 {
    let mut seen = Vec::from(link.0);
    seen.extend(result.tx_gas_used().to_be_bytes());
    seen.push(u8::from(result.is_success()));
    seen.extend(result.output().into_iter().flatten());
    for log in result.logs() {
        seen.extend(log.data.topics().iter().flat_map(|topic| topic.0));
        seen.extend(&log.data.data);
    }
    keccak256(seen)
}
