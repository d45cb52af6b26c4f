//! Provers that are refused, and the page that says why.

use std::collections::BTreeSet;

use autoprec_executor::Environment;
use autoprec_linker::vendors::{VENDORS, refusal};

const PAGE: &str = include_str!("../../../docs/guide/vendors.md");

/// The fragment by which a heading is linked to.
fn fragment(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

#[test]
fn what_is_refused_are_the_environments_of_vendors_that_prove_no_foreign_table() {
    for environment in Environment::ALL {
        let refused = refusal(environment);
        match environment {
            Environment::OpenVm | Environment::Linux | Environment::Bare => {
                assert_eq!(refused, None, "{}", environment.name());
            }
            Environment::Sp1 | Environment::Zisk | Environment::Risc0 => {
                let text = refused.expect("it is refused").to_string();
                assert!(text.contains("docs/guide/vendors.md#"), "{text}");
            }
        }
    }
}

#[test]
fn each_is_on_the_page_with_a_row_and_a_section() {
    let sections: BTreeSet<String> =
        PAGE.lines().filter_map(|line| line.strip_prefix("## ")).map(fragment).collect();
    for vendor in VENDORS {
        let expected = format!("docs/guide/vendors.md#{}", fragment(vendor.name));
        assert_eq!(vendor.docs, expected);
        assert!(sections.contains(&fragment(vendor.name)), "{} has no section", vendor.name);
        let row = format!("| [{}](#{}) |", vendor.name, fragment(vendor.name));
        let row = PAGE.lines().find(|line| line.starts_with(&row)).expect(vendor.name);
        assert_eq!(row.contains("refuses to link"), vendor.environment.is_some(), "{row}");
    }
}
