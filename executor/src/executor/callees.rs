//! What guests call, by name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use autoprec_guest_elf::PrecompileId;
use autoprec_profile::Called;

use crate::calls::CalleeId;

/// What was called, by name.
#[derive(Default)]
pub(super) struct Callees {
    /// By number.
    names: Vec<Cow<'static, str>>,
    numbers: BTreeMap<Cow<'static, str>, CalleeId>,
    pub(super) counts: Vec<u64>,
    precompiles: BTreeMap<PrecompileId, CalleeId>,
}

impl Callees {
    pub(super) fn of(&mut self, name: Cow<'static, str>) -> CalleeId {
        if let Some(&known) = self.numbers.get(&name) {
            return known;
        }
        let id = CalleeId::try_from(self.names.len()).expect("each name takes memory");
        self.names.push(name.clone());
        self.counts.push(0);
        self.numbers.insert(name, id);
        id
    }

    /// The precompile of that number.
    pub(super) fn precompile(&mut self, id: PrecompileId) -> CalleeId {
        if let Some(&known) = self.precompiles.get(&id) {
            return known;
        }
        let callee = self.of(format!("precompile {id}").into());
        self.precompiles.insert(id, callee);
        callee
    }

    pub(super) fn names(&self) -> &[Cow<'static, str>] {
        &self.names
    }

    /// Calls by name; none is 0.
    pub(super) fn counts(&self) -> Vec<Called> {
        let called = |(name, &id): (&Cow<'static, str>, &CalleeId)| {
            let count = self.counts[id as usize];
            (count > 0).then(|| Called { name: name.clone().into_owned(), count })
        };
        self.numbers.iter().filter_map(called).collect()
    }
}
