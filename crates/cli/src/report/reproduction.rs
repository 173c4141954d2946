//! `reproduce.md`: the claims of the paper, and what came out here.
//!
//! A verdict is only worth something if its rule was there before the numbers, so a [`Claim`] cannot be written without one, and
//! the page shows the rule above the numbers.

use std::fmt;

use super::model::Settings;
use super::table::aligned;

/// How a claim is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An exact identity.
    Exact,
    /// A mechanism that shows within minutes.
    Mechanism,
    /// An outcome of training, over seeds.
    Outcome,
}

/// What the rule of a claim gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The numbers are as claimed.
    Reproduced,
    /// The effect is too small to be told from none at this scale.
    NotSeen,
    /// The numbers say the opposite.
    Contradicted,
    /// The numbers do not decide.
    Inconclusive,
}

/// One claim with its measure, its rule, its numbers and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The number in the list of claims.
    pub number: u32,
    /// How it is checked.
    pub kind: Kind,
    /// What is claimed.
    pub claim: String,
    /// What is measured.
    pub measure: String,
    /// Which numbers give which verdict, stated before the run.
    pub rule: String,
    /// What came out: name and value.
    pub numbers: Vec<(String, String)>,
    /// What came out over a range of settings, if a list is not enough.
    pub grid: Option<Grid>,
    /// What the rule gives.
    pub verdict: Verdict,
}

/// A small table: a heading for each column, and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// The headings.
    pub headings: Vec<String>,
    /// As many cells in each row as there are headings.
    pub rows: Vec<Vec<String>>,
}

/// All claims that were checked in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reproduction {
    /// How the run was made.
    pub settings: Settings,
    /// The claims, in the order to show them.
    pub claims: Vec<Claim>,
    /// Sentences for the reader.
    pub notes: Vec<String>,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Exact => "exact",
            Kind::Mechanism => "mechanism",
            Kind::Outcome => "outcome",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Reproduced => "reproduced",
            Verdict::NotSeen => "not seen at this scale",
            Verdict::Contradicted => "contradicted",
            Verdict::Inconclusive => "inconclusive",
        })
    }
}

impl Claim {
    /// The claim as a few lines for standard output.
    pub fn to_text(&self) -> String {
        let mut text = format!("claim {} ({}): {}\n  rule: {}\n", self.number, self.kind, self.claim, self.rule);
        for (name, value) in &self.numbers {
            text += &format!("  {name}: {value}\n");
        }
        if let Some(grid) = &self.grid {
            let table = aligned(std::iter::once(grid.headings.clone()).chain(grid.rows.clone()).collect());
            text.extend(table.lines().map(|line| format!("    {line}\n")));
        }
        text + &format!("  verdict: {}\n", self.verdict)
    }
}

impl Reproduction {
    /// The page `reproduce.md`: first all verdicts, then each claim in full.
    pub fn to_markdown(&self) -> String {
        let settings = &self.settings;
        let mut text = format!("# {}\n\n", settings.title);
        text += "What came out is what is reported. Each rule was stated before the run; a claim that did not show, or showed its \
                 opposite, says so.\n\n";
        text += &format!("Again: `{}` (seed {}, kernels {}).\n\n", settings.command, settings.seed, settings.isa);
        for (name, value) in &settings.entries {
            text += &format!("- {}: {}\n", cell(name), cell(value));
        }
        text += &format!("{}## Verdicts\n\n", if settings.entries.is_empty() { "" } else { "\n" });
        let rows = self
            .claims
            .iter()
            .map(|c| [c.number.to_string(), c.kind.to_string(), c.claim.clone(), c.verdict.to_string()].to_vec());
        text += &markdown_table(&["#", "kind", "claim", "verdict"].map(str::to_owned), rows);
        let count = |verdict| self.claims.iter().filter(|claim| claim.verdict == verdict).count();
        let verdicts = [Verdict::Reproduced, Verdict::NotSeen, Verdict::Contradicted, Verdict::Inconclusive];
        let counts: Vec<String> = verdicts.iter().map(|&verdict| format!("{} {verdict}", count(verdict))).collect();
        text += &format!("\nOf {} claims: {}.\n", self.claims.len(), counts.join(", "));
        for claim in &self.claims {
            text += &section(claim);
        }
        if !self.notes.is_empty() {
            text += "\n## Notes\n\n";
            text.extend(self.notes.iter().map(|note| format!("- {note}\n")));
        }
        text
    }
}

fn section(claim: &Claim) -> String {
    let Claim { number, kind, claim: sentence, measure, rule, numbers, grid, verdict } = claim;
    let mut text = format!(
        "\n## {number}. {sentence}\n\n*Kind*: {kind}. *Measure*: {measure}.\n\n*Rule, stated before the run*: {rule}\n\n"
    );
    if !numbers.is_empty() {
        let rows = numbers.iter().map(|(name, value)| vec![name.clone(), value.clone()]);
        text += &markdown_table(&["number", "value"].map(str::to_owned), rows);
        text += "\n";
    }
    if let Some(grid) = grid {
        text += &markdown_table(&grid.headings, grid.rows.iter().cloned());
        text += "\n";
    }
    text + &format!("**Verdict: {verdict}.**\n")
}

fn markdown_table(headings: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line =
        |cells: &[String]| format!("| {} |\n", cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(" | "));
    let mut text = line(headings);
    text += &format!("|{}\n", "---|".repeat(headings.len()));
    text.extend(rows.map(|row| line(&row)));
    text
}

/// A bar would end the cell, and mathematics is full of bars.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Reproduction {
        let claim = Claim {
            number: 1,
            kind: Kind::Exact,
            claim: "H = G + N".into(),
            measure: "largest |difference|".into(),
            rule: "reproduced if below 1e-12, else contradicted.".into(),
            numbers: vec![("tanh".into(), "3.1e-16".into())],
            grid: Some(Grid {
                headings: vec!["ρ".into(), "e(ρ)".into()],
                rows: vec![vec!["0.3".into(), "0.12".into()]],
            }),
            verdict: Verdict::Reproduced,
        };
        let settings = Settings {
            title: "Claims".into(),
            command: "quadric reproduce".into(),
            seed: 1,
            isa: "avx2".into(),
            entries: vec![("seeds".into(), "3".into())],
        };
        Reproduction { settings, claims: vec![claim], notes: vec!["n = 3 is few.".into()] }
    }

    #[test]
    fn the_page_has_the_rule_before_the_numbers() {
        let page = example().to_markdown();
        super::super::tests::golden("example-reproduce.md", &page);
        assert!(page.find("stated before the run*").unwrap() < page.find("3.1e-16").unwrap());
    }

    #[test]
    fn a_claim_prints_as_a_few_lines() {
        let text = example().claims[0].to_text();
        assert_eq!(
            text,
            "claim 1 (exact): H = G + N\n  rule: reproduced if below 1e-12, else contradicted.\n  tanh: 3.1e-16\n      \
             ρ  e(ρ)\n    ---  ----\n    0.3  0.12\n  verdict: reproduced\n"
        );
    }
}
