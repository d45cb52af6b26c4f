//! The tables that samples refer to: stacks of frames, frames of functions, functions of names.
//!
//! A frame of an inlined function has the native symbol of the function that it is inlined into, and
//! its depth there.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::export::groups::groups;
use crate::view::{Kind, Path, View};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tables<'a> {
    stack_table: Stacks,
    frame_table: Frames,
    func_table: Functions,
    resource_table: Resources,
    native_symbols: NativeSymbols,
    string_array: Vec<&'a str>,
    #[serde(skip)]
    strings: BTreeMap<&'a str, usize>,
    /// By frame of the view, depth and native symbol.
    #[serde(skip)]
    frames: BTreeMap<(usize, u32, Option<usize>), usize>,
    /// By caller and frame.
    #[serde(skip)]
    stacks: BTreeMap<(Option<usize>, usize), usize>,
    /// Native symbol by function of the view.
    #[serde(skip)]
    symbols: BTreeMap<usize, usize>,
}

#[derive(Default, Serialize)]
struct Stacks {
    length: usize,
    prefix: Vec<Option<usize>>,
    frame: Vec<usize>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Frames {
    length: usize,
    /// -1 if there is none.
    address: Vec<i128>,
    inline_depth: Vec<u32>,
    category: Vec<u32>,
    subcategory: Vec<u32>,
    func: Vec<usize>,
    native_symbol: Vec<Option<usize>>,
    #[serde(rename = "innerWindowID")]
    inner_window_id: Vec<u32>,
    line: Vec<Option<u32>>,
    column: Vec<Option<u32>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Functions {
    length: usize,
    name: Vec<usize>,
    #[serde(rename = "isJS")]
    is_js: Vec<bool>,
    #[serde(rename = "relevantForJS")]
    relevant_for_js: Vec<bool>,
    resource: Vec<i32>,
    file_name: Vec<Option<usize>>,
    line_number: Vec<Option<u32>>,
    column_number: Vec<Option<u32>>,
}

/// The guest is the one resource.
#[derive(Serialize)]
struct Resources {
    length: usize,
    lib: [usize; 1],
    name: [usize; 1],
    host: [Option<usize>; 1],
    /// 1 is a library.
    r#type: [u32; 1],
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct NativeSymbols {
    length: usize,
    address: Vec<u64>,
    function_size: Vec<Option<u64>>,
    lib_index: Vec<usize>,
    name: Vec<usize>,
}

impl<'a> Tables<'a> {
    /// The tables of a view, and the stack of each of its paths.
    pub(super) fn of(view: &'a View) -> (Self, Vec<usize>) {
        let mut tables = Self {
            stack_table: Stacks::default(),
            frame_table: Frames::default(),
            func_table: Functions::default(),
            resource_table: Resources { length: 1, lib: [0], name: [0], host: [None], r#type: [1] },
            native_symbols: NativeSymbols::default(),
            string_array: Vec::new(),
            strings: BTreeMap::new(),
            frames: BTreeMap::new(),
            stacks: BTreeMap::new(),
            symbols: BTreeMap::new(),
        };
        tables.resource_table.name = [tables.string(&view.title)];
        tables.functions(view);
        let stacks = view.paths.iter().map(|path| tables.path(view, path)).collect();
        (tables, stacks)
    }

    fn string(&mut self, text: &'a str) -> usize {
        *self.strings.entry(text).or_insert_with(|| {
            self.string_array.push(text);
            self.string_array.len() - 1
        })
    }

    /// All functions, at the index they have in the view.
    fn functions(&mut self, view: &'a View) {
        for function in &view.functions {
            let name = self.string(&function.name);
            let file = function.file.as_deref().map(|file| self.string(file));
            let table = &mut self.func_table;
            table.length += 1;
            table.name.push(name);
            table.is_js.push(false);
            table.relevant_for_js.push(false);
            table.resource.push(if function.kind == Kind::Outside { -1 } else { 0 });
            table.file_name.push(file);
            table.line_number.push(function.line);
            table.column_number.push(None);
        }
    }

    fn path(&mut self, view: &'a View, path: &Path) -> usize {
        let mut stack = None;
        for group in groups(view, &path.frames) {
            let symbol = self.symbol(view, view.frames[group[0]].function);
            for (depth, &frame) in (0..).zip(group) {
                let frame = self.frame(view, (frame, depth, symbol));
                stack = Some(self.stack(stack, frame));
            }
        }
        stack.expect("a path has frames")
    }

    /// The native symbol of a function that has an address.
    fn symbol(&mut self, view: &'a View, function: usize) -> Option<usize> {
        let known = &view.functions[function];
        if known.addr == 0 {
            return None;
        }
        let name = self.string(&known.name);
        let table = &mut self.native_symbols;
        Some(*self.symbols.entry(function).or_insert_with(|| {
            table.length += 1;
            table.address.push(known.addr);
            table.function_size.push(None);
            table.lib_index.push(0);
            table.name.push(name);
            table.length - 1
        }))
    }

    fn frame(&mut self, view: &View, key: (usize, u32, Option<usize>)) -> usize {
        let (frame, depth, symbol) = key;
        let (table, symbols) = (&mut self.frame_table, &self.native_symbols);
        *self.frames.entry(key).or_insert_with(|| {
            table.length += 1;
            table.address.push(symbol.map_or(-1, |symbol| symbols.address[symbol].into()));
            table.inline_depth.push(depth);
            table.category.push(0);
            table.subcategory.push(0);
            table.func.push(view.frames[frame].function);
            table.native_symbol.push(symbol);
            table.inner_window_id.push(0);
            table.line.push(view.frames[frame].line);
            table.column.push(None);
            table.length - 1
        })
    }

    fn stack(&mut self, prefix: Option<usize>, frame: usize) -> usize {
        let table = &mut self.stack_table;
        *self.stacks.entry((prefix, frame)).or_insert_with(|| {
            table.length += 1;
            table.prefix.push(prefix);
            table.frame.push(frame);
            table.length - 1
        })
    }
}
