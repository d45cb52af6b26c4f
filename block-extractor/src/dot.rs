//! The graph as DOT text, for drawing.

use std::fmt::Write as _;

use petgraph::visit::EdgeRef as _;

use crate::Cfg;

impl Cfg {
    /// The graph in DOT: blocks with address, function, instructions and count. The text depends on
    /// the graph alone, and names in it are escaped.
    pub fn to_dot(&self) -> String {
        let mut out = String::from("digraph cfg {\n  node [shape=box, fontname=monospace];\n");
        for (id, block) in self.ids().zip(&self.blocks) {
            let mut label = format!("{id} {:#x}..{:#x}\n", block.start, block.end());
            if let Some(function) = &block.function {
                label.push_str(function);
                label.push('\n');
            }
            let plural = if block.len() == 1 { "" } else { "s" };
            let _ =
                writeln!(label, "{} instruction{plural}, executed {}", block.len(), block.count);
            let _ = writeln!(out, "  {id} [label=\"{}\"];", escape(&label));
        }
        let mut edges: Vec<_> = self
            .graph
            .edge_references()
            .map(|edge| (self.graph[edge.source()], self.graph[edge.target()], *edge.weight()))
            .collect();
        edges.sort_unstable();
        for (from, to, kind) in edges {
            let _ = writeln!(out, "  {from} -> {to} [label=\"{}\"];", kind.name());
        }
        out.push_str("}\n");
        out
    }
}

/// Escapes a label for a quoted DOT string, with its lines set left.
fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', " ").replace('\n', "\\l")
}
