//! Methods by name.

use quadric_autodiff::trace::random;
use quadric_nn::{Activation, Mlp};
use quadric_regularization::{Method, Probe};

use crate::{flat, norm, on_network, parts, scalar};

#[test]
fn names_are_read_back_as_printed_and_every_method_runs() {
    for name in Method::NAMES {
        let plain = name.split('[').next().unwrap();
        let method: Method = plain.parse().unwrap();
        assert_eq!(method.to_string().parse::<Method>().unwrap(), method, "{name}");
        assert!(method.to_string().starts_with(plain));
        let strength = scalar(method.default_strength());
        let (loss, objective, direction): (_, _, Mlp) =
            on_network(Activation::Gelu, &[strength, random::key(1, 2)], |m, p, a| {
                parts(method.update(&p, &m, a[0], a[1]))
            });
        assert!(loss.item().is_finite() && objective.item().is_finite() && norm(&flat(&direction)) > 0.0, "{name}");
        assert_eq!(method.strength_name().is_none(), method == Method::Plain);
    }
    assert_eq!(
        "gn-trace:5:gaussian".parse(),
        Ok(Method::GaussNewtonTrace { probes: 5, distribution: Probe::Gaussian })
    );
}

#[test]
fn what_cannot_be_read_is_one_sentence() {
    for (text, part) in [
        ("samm", "there is no regularizer \"samm\"; there are sgd, sam, "),
        ("sam:0.1", "sam takes 0 settings, 1 are given"),
        ("hessian-trace:0", "\"0\" is no number of probes"),
        ("hessian-trace:1:cauchy", "there is no distribution of probes \"cauchy\""),
        ("gsam:inf", "\"inf\" is no finite number"),
        ("gradient-power:0", "must be above 0"),
    ] {
        let error = text.parse::<Method>().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
