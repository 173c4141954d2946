//! The instruction-set path: which of three compilations of a loop runs.
//!
//! A loop that profits from wide vectors is a `Job`: plain scalar code, `#[inline(always)]` down to the last
//! function, generic over `FMA`. `dispatch` inlines the job into one of three functions that differ only in
//! their `#[target_feature]`, and the compiler vectorises each copy for what it may use there. So there is one text
//! per kernel and no intrinsic anywhere; the portable copy is the definition of the other two.
//!
//! Detection happens once per process. The environment variable `QUADRIC_ISA` may lower the path, never raise it
//! beyond what the machine has; a value that cannot be honoured stops the program with a sentence, because a
//! benchmark that silently ran on another path is worse than none.
//!
//! The path governs this crate's own loops. `matrixmultiply` detects its instruction set for itself.

use std::sync::OnceLock;

/// The instruction-set path that this process uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isa {
    /// What the compilation target guarantees (SSE2 on x86-64, NEON on AArch64); no fused multiply-add.
    Portable,
    /// AVX2 and FMA: vectors of 32 bytes.
    Avx2,
    /// AVX-512 F, DQ, VL, BW and FMA: vectors of 64 bytes.
    Avx512,
}

impl Isa {
    /// The path of this process: the widest one detected, lowered by `QUADRIC_ISA=portable|avx2|avx512` if set.
    ///
    /// # Panics
    /// On the first call, if `QUADRIC_ISA` has another value or names a path that this machine lacks.
    #[inline]
    pub fn get() -> Isa {
        static CHOSEN: OnceLock<Isa> = OnceLock::new();
        *CHOSEN.get_or_init(|| match std::env::var_os("QUADRIC_ISA") {
            None => Isa::detect(),
            Some(asked) => Isa::from_request(&asked.to_string_lossy(), Isa::detect()).unwrap_or_else(|e| panic!("{e}")),
        })
    }

    /// The name that `QUADRIC_ISA` and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        }
    }

    /// The widest path that the machine offers.
    fn detect() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw");
            if fma && wide {
                return Isa::Avx512;
            }
            if fma {
                return Isa::Avx2;
            }
        }
        Isa::Portable
    }

    fn from_request(asked: &str, detected: Isa) -> Result<Isa, String> {
        let isa = [Isa::Portable, Isa::Avx2, Isa::Avx512]
            .into_iter()
            .find(|isa| isa.name() == asked)
            .ok_or_else(|| format!("QUADRIC_ISA={asked}: the paths are portable, avx2 and avx512"))?;
        if isa > detected {
            return Err(format!("QUADRIC_ISA={asked}: this machine offers {} at most", detected.name()));
        }
        Ok(isa)
    }
}

/// A loop to be compiled once per path. `run` must be `#[inline(always)]`, and so must what it calls per element.
pub(crate) trait Job {
    /// What the loop returns.
    type Output;
    /// The loop. `FMA` says whether `a * b + c` may be fused, where the kernel allows that at all.
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// Runs `job` on the path of this process.
#[inline]
pub(crate) fn dispatch<J: Job>(job: J) -> J::Output {
    #[cfg(test)]
    if let Some(isa) = FORCED.get() {
        return dispatch_on(isa, job);
    }
    dispatch_on(Isa::get(), job)
}

#[cfg(test)]
thread_local! {
    /// The path that a test asked for, on its own thread only.
    static FORCED: std::cell::Cell<Option<Isa>> = const { std::cell::Cell::new(None) };
}

/// Calls `f` once per path that this machine can run; kernels called from it on this thread take that path.
#[cfg(test)]
pub(crate) fn on_every_path(mut f: impl FnMut(Isa)) {
    for isa in [Isa::Portable, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| *isa <= Isa::detect()) {
        FORCED.set(Some(isa));
        f(isa);
    }
    FORCED.set(None);
}

/// Runs `job` on the path `isa`, which must not exceed what was detected.
#[inline]
pub(crate) fn dispatch_on<J: Job>(isa: Isa, job: J) -> J::Output {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: values of `Isa` above `Portable` come from `get` and `on_every_path`, which ask `detect`.
        Isa::Avx512 => unsafe { run_avx512(job) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above; AVX-512 machines of this path have AVX2 and FMA too.
        Isa::Avx2 => unsafe { run_avx2(job) },
        _ => job.run::<false>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<J: Job>(job: J) -> J::Output {
    job.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
fn run_avx512<J: Job>(job: J) -> J::Output {
    job.run::<true>()
}

#[cfg(test)]
mod tests {
    use super::{Isa, on_every_path};

    #[test]
    fn requests_lower_the_path_but_never_raise_it() {
        assert_eq!(Isa::from_request("portable", Isa::Avx2), Ok(Isa::Portable));
        assert_eq!(Isa::from_request("avx2", Isa::Avx2), Ok(Isa::Avx2));
        assert!(Isa::from_request("avx512", Isa::Avx2).unwrap_err().contains("avx2 at most"));
        assert!(Isa::from_request("sse", Isa::Avx2).unwrap_err().contains("the paths are"));
    }

    #[test]
    fn the_path_of_the_process_is_one_it_can_run() {
        let mut seen = Vec::new();
        on_every_path(|isa| seen.push(isa));
        assert!(seen.contains(&Isa::Portable) && seen.contains(&Isa::get()));
    }
}
