//! A user's program over layers of the user's own; see `program.rs` for what it prints.

use nn::{both, plain, swish};
use quadric::autodiff::trace::{Var, trace};
use quadric::autodiff::{Tensor, tensor};

fn say(name: &str, text: impl std::fmt::Display) {
    println!("{name}: {}", text.to_string().replace('\n', " "));
}

fn main() {
    let x: Tensor = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    std::panic::set_hook(Box::new(|_| {}));
    say("plain", trace(|x: Var| plain(x), &x).expect_err("a mistake"));
    say("both", trace(|x: Var| both(swish, x), &x).expect_err("a mistake")); // both
    say("closure", trace(|x: Var| both(|x| x.matmul(x), x), &x).expect_err("a mistake")); // closure
    say("swish", trace(|x: Var| swish(x), &x).expect("a tape")); // swish
    let functions: [fn(Var) -> Var; 1] = [swish];
    say("pointer", trace(|x: Var| functions[0](x), &x).expect("a tape")); // pointer
}
