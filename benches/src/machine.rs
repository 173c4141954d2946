//! What the operating system knows: cores, CPU time, memory. Elsewhere than on Linux there is wall time only.

use std::fs;

/// Keeps this process on one core, or on the first few. Threads that are started later inherit it.
///
/// Where nobody named the core, a machine that has no core 1 for us runs the process where it likes.
pub fn pin(threads: usize, core: Option<usize>) -> Result<(), String> {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_setaffinity};
        let first = core.unwrap_or(1);
        let cores = if threads == 1 { first..first.saturating_add(1) } else { 0..threads };
        if cores.end > CpuSet::MAX_CPU {
            return Err(format!("core {}: cores are numbered up to {}", cores.end - 1, CpuSet::MAX_CPU - 1));
        }
        let mut set = CpuSet::new();
        cores.clone().for_each(|c| set.set(c));
        match sched_setaffinity(None, &set) {
            Err(e) if core.is_some() => return Err(format!("cannot run on core {}: {e}", cores.start)),
            Err(e) => eprintln!("not kept on core {}: {e}", cores.start),
            Ok(()) => {}
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (threads, core);
    Ok(())
}

/// CPU time of all threads of this process, in seconds.
pub fn cpu_seconds() -> f64 {
    #[cfg(target_os = "linux")]
    {
        let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9
    }
    #[cfg(not(target_os = "linux"))]
    {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64()
    }
}

/// Resident memory in MiB: `VmRSS` now, `VmHWM` at its peak. NaN where the system does not say.
pub fn resident_mb(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(field)?.strip_prefix(':'));
    let kib = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

/// Forgets the peak so far, where the system lets us.
pub fn reset_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Programs that wanted to run, on average over the last minute.
pub fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().and_then(|x| x.parse().ok()).unwrap_or(f64::NAN)
}
