//! The verifier: everything is derived from the statement again, and one sum of points, over all
//! tables, is checked.

use std::sync::Arc;

use autoprec_circuits::{Field as _, Pasta, Statement, Table};
use halo2_proofs::plonk::{Error, VerificationStrategy, keygen_vk, verify_proof};
use halo2_proofs::poly::commitment::{Guard, MSM, Params};
use halo2_proofs::transcript::{Blake2bRead, Challenge255, EncodedChallenge};
use pasta_curves::group::CurveAffine as _;
use pasta_curves::group::ff::{Field as _, PrimeField as _};
use pasta_curves::{EqAffine, Fp};
use rayon::prelude::*;

use crate::challenge::{Challenges, Transcript, check_statement};
use crate::circuit::{Shape, TableCircuit};
use crate::container::{self, Part};
use crate::error::VerifyError;
use crate::layout::{Layout, WORD};
use crate::setup::Setup;

/// Checks that `proof` shows `statement`.
///
/// # Errors
/// The first reason found why it does not, or why that cannot be found out.
pub fn verify(
    statement: &Statement<Pasta>,
    proof: &[u8],
    setup: &Setup,
) -> Result<(), VerifyError> {
    check_statement(statement)?;
    let layouts: Result<Vec<Layout>, _> = statement.tables.iter().map(Layout::new).collect();
    let layouts = layouts?;
    let parts = container::read(proof, statement.tables.len())?;
    let mut transcript = Transcript::new(statement);
    for ((table, layout), part) in statement.tables.iter().zip(&layouts).zip(&parts) {
        if part.proof.len() != layout.proof_bytes() {
            return rejected(table, "it has not as many bytes as the table's columns take");
        }
        // It begins with the commitments to the columns of the first phase.
        transcript.table(table, layout, &part.proof[..WORD * layout.main]);
    }
    let challenges = transcript.challenges();
    check_sums(statement, &parts, &challenges)?;
    let params: Result<Vec<Arc<Params<EqAffine>>>, _> =
        layouts.iter().map(|layout| setup.params(layout.k)).collect();
    let params = params?;
    let Some(largest) = params.iter().max_by_key(|params| params.k()) else { return Ok(()) };
    let claims: Result<Vec<Claim<'_>>, _> = parts
        .par_iter()
        .enumerate()
        .map(|(index, part)| {
            let table = &statement.tables[index];
            let shape = Shape::new(&table.system, &layouts[index], &challenges);
            claim(table, &shape, part, &params[index], largest)
        })
        .collect();
    let claims = claims?;
    let weights = transcript.weights(proof, claims.len());
    check_claims(statement, claims, &weights, largest)
}

fn rejected<T>(table: &Table<Pasta>, what: &str) -> Result<T, VerifyError> {
    Err(VerifyError::Rejected { table: table.name.clone(), what: what.to_owned() })
}

/// What is sent must be what is received.
fn check_sums(
    statement: &Statement<Pasta>,
    parts: &[Part<'_>],
    challenges: &Challenges,
) -> Result<(), VerifyError> {
    let boundary = challenges.boundary_sum(&statement.boundary);
    let boundary = boundary.map_err(|index| VerifyError::ZeroFingerprint { index })?;
    let total = parts.iter().fold(boundary, |total, part| total + Pasta::from(part.sum));
    if total == Pasta::ZERO { Ok(()) } else { Err(VerifyError::Unbalanced) }
}

/// A sum of points that is the neutral element if a table's proof holds:
/// `others` − `end`·⟨s, G⟩, with s the products of the challenges of the opening's rounds.
struct Claim<'p> {
    others: MSM<'p, EqAffine>,
    end: Fp,
    rounds: Vec<Fp>,
}

/// Stops the library short of the last sum of points, which is as long as the circuit has rows.
///
/// The sum is begun over the points of the largest circuit. Those of smaller ones are the first of
/// these, so the sums of all tables can be added.
struct Collect<'p> {
    largest: &'p Params<EqAffine>,
}

impl<'p> VerificationStrategy<'p, EqAffine> for Collect<'p> {
    /// All but the term of the generators, and the challenges of the rounds.
    type Output = (MSM<'p, EqAffine>, Vec<Fp>);

    fn process<E: EncodedChallenge<EqAffine>>(
        self,
        f: impl FnOnce(MSM<'p, EqAffine>) -> Result<Guard<'p, EqAffine, E>, Error>,
    ) -> Result<Self::Output, Error> {
        let guard = f(MSM::new(self.largest))?;
        // The neutral element adds nothing: the term is added later, by the caller.
        let (others, accumulator) = guard.use_g(EqAffine::identity());
        let rounds = accumulator.u_packed.iter().map(EncodedChallenge::get_scalar).collect();
        Ok((others, rounds))
    }
}

/// What is left to check of a table's proof.
fn claim<'p>(
    table: &Table<Pasta>,
    shape: &Arc<Shape>,
    part: &Part<'_>,
    params: &'p Params<EqAffine>,
    largest: &'p Params<EqAffine>,
) -> Result<Claim<'p>, VerifyError> {
    let library =
        |error: Error| VerifyError::Rejected { table: table.name.clone(), what: error.to_string() };
    let circuit = TableCircuit { layout: &shape.layout, fixed: &table.fixed, advice: None };
    let key = shape.scope(|| keygen_vk(params, &circuit)).map_err(library)?;
    let mut unread = part.proof;
    let mut transcript = Blake2bRead::<_, EqAffine, Challenge255<_>>::init(&mut unread);
    let instance = [part.sum];
    let instances: &[&[&[Fp]]] = &[&[&instance]];
    let strategy = Collect { largest };
    let collected = verify_proof(params, &key, strategy, instances, &mut transcript);
    let (others, rounds) = collected.map_err(library)?;
    if !unread.is_empty() {
        return rejected(table, "there are bytes behind its end");
    }
    // The last two words are what the folded polynomial is, and its blinding factor.
    let end = part.proof.len().checked_sub(2 * WORD).and_then(|at| part.proof.get(at..at + WORD));
    let end = end.and_then(|bytes| bytes.try_into().ok());
    let end = end.and_then(|bytes: [u8; WORD]| Option::from(Fp::from_repr(bytes)));
    match end {
        Some(end) => Ok(Claim { others, end, rounds }),
        None => rejected(table, "it does not end in field elements"),
    }
}

impl Claim<'_> {
    /// Adds weight·(−end)·s to the factors of the generators.
    fn add_generators(&self, weight: Fp, factors: &mut [Fp]) {
        let mut products = vec![-self.end * weight];
        for round in self.rounds.iter().rev() {
            let higher: Vec<Fp> = products.iter().map(|product| product * round).collect();
            products.extend(higher);
        }
        for (factor, product) in factors.iter_mut().zip(products) {
            *factor += product;
        }
    }
}

/// Adds up all claims with weights that depend on all proofs, and checks the sum.
fn check_claims(
    statement: &Statement<Pasta>,
    claims: Vec<Claim<'_>>,
    weights: &[Fp],
    largest: &Params<EqAffine>,
) -> Result<(), VerifyError> {
    let mut sum = MSM::new(largest);
    let mut factors = vec![Fp::ZERO; 1 << largest.k()];
    for (claim, &weight) in claims.iter().zip(weights) {
        claim.add_generators(weight, &mut factors);
        let mut others = claim.others.clone();
        others.scale(weight);
        sum.add_msm(&others);
    }
    sum.add_to_g_scalars(&factors);
    if sum.eval() {
        return Ok(());
    }
    // Which one it is takes a sum of points for each.
    for (claim, table) in claims.into_iter().zip(&statement.tables) {
        let mut factors = vec![Fp::ZERO; 1 << largest.k()];
        claim.add_generators(Fp::ONE, &mut factors);
        let mut others = claim.others;
        others.add_to_g_scalars(&factors);
        if !others.eval() {
            return rejected(table, "its commitments do not open to its values");
        }
    }
    rejected(&statement.tables[0], "the check of all proofs fails, that of each does not")
}
