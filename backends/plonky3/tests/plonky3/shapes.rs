//! Proofs of another shape: each list in a proof is emptied, shortened and lengthened, and each part that
//! may be missing is put in or left out. What is left is still written as a proof is.

use std::collections::BTreeSet;

use autoprec_plonky3::{Proof, verify};
use serde_json::{Value, json};

use crate::machine::machine;
use crate::proofs::{TEST, proof};

/// Where in a proof.
type Place = Vec<String>;

/// One list each of those that lie in the same place but for indices: the first and the last.
fn places(value: &Value, place: &Place, of: &mut BTreeSet<Place>) {
    let mut descend = |key: String, child: &Value| {
        let place: Place = place.iter().cloned().chain([key]).collect();
        places(child, &place, of);
    };
    match value {
        Value::Array(items) => {
            let ends = BTreeSet::from([0, items.len().saturating_sub(1)]);
            for (index, item) in items.iter().enumerate().filter(|(i, _)| ends.contains(i)) {
                descend(index.to_string(), item);
            }
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, field)| descend(key.clone(), field));
        }
        _ => {}
    }
    of.insert(place.clone());
}

/// Other values for this one.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => {
            let mut others = vec![json!([]), Value::Null];
            if let Some((last, rest)) = items.split_last() {
                others.push(Value::Array(rest.to_vec()));
                others.push(Value::Array([items, std::slice::from_ref(last)].concat()));
                others.push(Value::Array([&items[..], items, items].concat()));
            }
            others
        }
        Value::Null => {
            let element = json!([1, 2, 3, 4]);
            vec![json!([]), json!([element]), element, json!(1), json!([[1, 2, 3, 4, 5, 6, 7, 8]])]
        }
        Value::Number(_) => {
            vec![json!(0), json!(1), json!(64), json!(2_013_265_920_u32), json!(u64::MAX)]
        }
        _ => vec![Value::Null],
    }
}

#[test]
fn proofs_of_another_shape_are_refused() {
    let (statement, trace) = machine(3);
    let honest = proof(&statement, &trace).expect("the rows show the statement");
    assert!(verify(&statement, &honest, &TEST).is_ok());
    let magic = &honest[..8];
    let parsed: Proof = postcard::from_bytes(&honest[8..]).expect("it is a proof");
    let tree = serde_json::to_value(&parsed).expect("a proof has a text form");
    let mut all = BTreeSet::new();
    places(&tree, &Vec::new(), &mut all);
    let mut tried = 0;
    for place in all {
        let pointer = place.iter().fold(String::new(), |pointer, key| pointer + "/" + key);
        let value = tree.pointer(&pointer).expect("it is a place");
        for other in others(value).into_iter().filter(|other| other != value) {
            let mut changed = tree.clone();
            *changed.pointer_mut(&pointer).expect("it is a place") = other.clone();
            // Some changes are none that the types of a proof allow.
            let Ok(changed) = serde_json::from_value::<Proof>(changed) else { continue };
            let body = postcard::to_stdvec(&changed).expect("a proof can be written");
            let bytes = [magic, &body].concat();
            tried += 1;
            assert!(verify(&statement, &bytes, &TEST).is_err(), "{pointer} is {other}");
        }
    }
    assert!(tried > 300, "only {tried} changes");
}
