//! Line plots as SVG text.
//!
//! Colours are classes (`h`, `g`, `n`, …) that the style sheet of the page fills in, for light and for dark. Each series has its
//! own marker and dash pattern besides its colour, so the plots survive a grey printer and most kinds of colour blindness. Coordinates
//! are printed with two decimals of a pixel: enough for the eye, and the last bits of a logarithm do not reach the text.

use super::number::{significant, superscript, typeset};

const WIDTH: f64 = 560.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 42.0;

/// How values are spread along the vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// Decades; values that are not positive are not drawn.
    Log,
}

/// One point of a curve, with the half-length of its error bar (0 for none).
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub error: f64,
}

/// A named line.
pub struct Curve {
    pub name: &'static str,
    /// The class that gives it a colour, a dash pattern and a marker: `h`, `g`, `n`, `m`.
    pub class: &'static str,
    pub points: Vec<Point>,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A line with a marker at every point.
    Marked,
    /// A line, and the area below it shaded.
    Area,
}

/// A plot: a title for the page, a description for who cannot see it, axes and curves.
pub struct Figure {
    /// Unique in the page.
    pub id: String,
    pub title: String,
    pub description: String,
    pub x_label: &'static str,
    pub y_label: &'static str,
    pub scale: Scale,
    pub style: Style,
    pub height: f64,
    /// Where the horizontal axis ends, if other panels share it.
    pub x_range: Option<(f64, f64)>,
    /// Values below this share of the largest one are cut off (`Log` only).
    pub floor: f64,
    pub curves: Vec<Curve>,
}

impl Figure {
    /// The `<svg>` element. Points that are not finite leave a gap; without any point there is a sentence instead.
    pub fn to_svg(&self) -> String {
        let id = &self.id;
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n\
             <title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n",
            self.height,
            escape(&self.title),
            escape(&self.description),
        );
        svg += &match self.axes() {
            Some((x, y)) => {
                self.frame(&x, &y) + &self.curves.iter().map(|curve| self.curve(curve, &x, &y)).collect::<String>()
            }
            None => format!(
                "<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">no finite values to show</text>\n",
                WIDTH / 2.0,
                self.height / 2.0
            ),
        };
        svg += &self.legend();
        svg + "</svg>\n"
    }

    /// Whether a point is drawn: finite, and on a logarithmic axis not below `lowest`.
    fn visible(&self, point: &Point, lowest: f64) -> bool {
        point.x.is_finite() && point.y.is_finite() && (self.scale == Scale::Linear || point.y > lowest)
    }

    /// The two axes around all visible points; `None` if there are none.
    fn axes(&self) -> Option<(Axis, Axis)> {
        let points = || self.curves.iter().flat_map(|curve| &curve.points).filter(|point| self.visible(point, 0.0));
        points().next()?;
        let (x_min, x_max) = self.x_range.unwrap_or_else(|| range(points().map(|point| point.x)));
        let y = match self.scale {
            Scale::Linear => {
                let ends = |point: &Point| {
                    if point.error.is_finite() { [point.y - point.error, point.y + point.error] } else { [point.y; 2] }
                };
                let (min, max) = range(points().flat_map(ends));
                Axis::linear(min, max, self.height - BOTTOM, TOP, 0.05)
            }
            Scale::Log => {
                let (min, max) = range(points().map(|point| point.y));
                Axis::log(min.max(max * self.floor), max, self.height - BOTTOM, TOP)
            }
        };
        Some((Axis::linear(x_min, x_max, LEFT, WIDTH - RIGHT, 0.0), y))
    }

    /// Grid, tick labels, axis labels.
    fn frame(&self, x: &Axis, y: &Axis) -> String {
        let (right, bottom) = (WIDTH - RIGHT, self.height - BOTTOM);
        let mut svg = String::new();
        for (value, label) in &y.ticks {
            let at = y.place(*value);
            let class = if *value == 0.0 && self.scale == Scale::Linear { "zero" } else { "grid" };
            svg += &format!("<path class=\"{class}\" d=\"M{LEFT:.2} {at:.2}H{right:.2}\"/>");
            svg += &format!(
                "<text class=\"tick\" x=\"{:.2}\" y=\"{:.2}\" text-anchor=\"end\">{label}</text>\n",
                LEFT - 7.0,
                at + 4.0
            );
        }
        for (value, label) in &x.ticks {
            let at = x.place(*value);
            svg += &format!("<path class=\"grid\" d=\"M{at:.2} {bottom:.2}v4\"/>");
            svg += &format!(
                "<text class=\"tick\" x=\"{at:.2}\" y=\"{:.2}\" text-anchor=\"middle\">{label}</text>\n",
                bottom + 17.0
            );
        }
        svg += &format!("<path class=\"axis\" d=\"M{LEFT:.2} {bottom:.2}H{right:.2}\"/>\n");
        let middle = (LEFT + right) / 2.0;
        svg += &format!(
            "<text class=\"label\" x=\"{middle:.2}\" y=\"{:.2}\" text-anchor=\"middle\">{}</text>\n",
            self.height - 7.0,
            escape(self.x_label)
        );
        svg + &format!("<text class=\"label\" x=\"4\" y=\"17\">{}</text>\n", escape(self.y_label))
    }

    fn curve(&self, curve: &Curve, x: &Axis, y: &Axis) -> String {
        let class = curve.class;
        let bottom = self.height - BOTTOM;
        let mut svg = format!("<g class=\"{class}\">\n");
        let lowest = y.lowest();
        let runs: Vec<&[Point]> =
            curve.points.split(|point| !self.visible(point, lowest)).filter(|run| !run.is_empty()).collect();
        for run in &runs {
            let place = |point: &Point| format!("{:.2} {:.2}", x.place(point.x), y.place(point.y));
            let line = run.iter().map(place).collect::<Vec<_>>().join("L");
            if self.style == Style::Area {
                let (first, last) = (x.place(run[0].x), x.place(run[run.len() - 1].x));
                svg += &format!("<path class=\"area\" d=\"M{first:.2} {bottom:.2}L{line}L{last:.2} {bottom:.2}Z\"/>\n");
            }
            svg += &format!("<path class=\"line\" d=\"M{line}\"/>\n");
        }
        if self.style == Style::Marked {
            for point in runs.concat() {
                let (at, value) = (x.place(point.x), y.place(point.y));
                if self.scale == Scale::Linear && point.error.is_finite() && point.error > 0.0 {
                    let (high, low) = (y.place(point.y + point.error), y.place(point.y - point.error));
                    svg += &format!(
                        "<path class=\"error\" d=\"M{at:.2} {high:.2}V{low:.2}M{:.2} {high:.2}h6M{:.2} {low:.2}h6\"/>",
                        at - 3.0,
                        at - 3.0
                    );
                }
                let tip = format!(
                    "{}: {} at {}",
                    curve.name,
                    typeset(&significant(point.y, 4)),
                    typeset(&significant(point.x, 4))
                );
                svg += &format!(
                    "<path class=\"mark\" d=\"{}\"><title>{}</title></path>\n",
                    marker(class, at, value),
                    escape(&tip)
                );
            }
        }
        svg + "</g>\n"
    }

    /// Names flush right above the plot, each after a piece of its line. A single curve is named by the title already.
    fn legend(&self) -> String {
        if self.curves.len() < 2 {
            return String::new();
        }
        let mut svg = String::new();
        let mut right = WIDTH - RIGHT;
        for curve in self.curves.iter().rev() {
            // No font is at hand to measure with; 7 px a letter is generous for 12 px type.
            let text = right - 7.0 * curve.name.chars().count() as f64;
            let sample = text - 34.0;
            svg += &format!(
                "<g class=\"{0}\"><path class=\"line\" d=\"M{sample:.2} 13h26\"/><path class=\"mark\" d=\"{1}\"/></g>\
                 <text class=\"legend\" x=\"{text:.2}\" y=\"17\">{2}</text>\n",
                curve.class,
                marker(curve.class, sample + 13.0, 13.0),
                escape(curve.name),
            );
            right = sample - 16.0;
        }
        svg
    }
}

/// Circle, square, triangle up, triangle down, so that a series is known without its colour.
fn marker(class: &str, x: f64, y: f64) -> String {
    match class {
        "g" => format!("M{:.2} {:.2}h6v6h-6Z", x - 3.0, y - 3.0),
        "n" => format!("M{x:.2} {:.2}l4 7h-8Z", y - 4.5),
        "m" => format!("M{x:.2} {:.2}l4 -7h-8Z", y + 4.5),
        _ => format!("M{:.2} {y:.2}a3.3 3.3 0 1 0 6.6 0a3.3 3.3 0 1 0 -6.6 0Z", x - 3.3),
    }
}

/// An axis: the values at its two ends, where these lie on the page, and the ticks.
struct Axis {
    min: f64,
    max: f64,
    start: f64,
    end: f64,
    scale: Scale,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Ticks at multiples of 1, 2 or 5 times a power of ten. A `margin`, a share of the range, is left at both ends; it does
    /// not lead across zero, so what cannot be negative does not look as if it were.
    fn linear(min: f64, max: f64, start: f64, end: f64, margin: f64) -> Axis {
        let (min, max) = if max > min {
            let space = margin * (max - min);
            let low = if min >= 0.0 { (min - space).max(0.0) } else { min - space };
            let high = if max <= 0.0 { (max + space).min(0.0) } else { max + space };
            (low, high)
        } else {
            let space = if min == 0.0 { 1.0 } else { 0.1 * min.abs() };
            (min - space, max + space)
        };
        let most = ((end - start).abs() / 42.0).max(2.0);
        let rough = (max - min) / most;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|nice| nice * power)
            .find(|&step| step >= 0.999 * rough)
            .unwrap_or(rough);
        let slack = 1e-9;
        let (first, last) = ((min / step - slack).ceil(), (max / step + slack).floor());
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let count = (last - first) as i64;
        // `+ 0.0` turns the −0 of a small negative first tick times its step into 0.
        let ticks =
            (0..=count).map(|k| (first + k as f64) * step + 0.0).map(|value| (value, tick(value, decimals, min, max)));
        Axis { min, max, start, end, scale: Scale::Linear, ticks: ticks.collect() }
    }

    /// Ticks at powers of ten, thinned out if there are many; the axis ends at powers of ten.
    fn log(min: f64, max: f64, start: f64, end: f64) -> Axis {
        let slack = 1e-9;
        let first = (min.log10() + slack).floor() as i32;
        let last = ((max.log10() - slack).ceil() as i32).max(first + 1);
        let most = ((end - start).abs() / 26.0).max(2.0) as i32;
        let stride = (last - first + most - 1) / most;
        let decades = (first..=last).filter(|decade| (decade - first) % stride.max(1) == 0);
        let ticks = decades.map(|decade| (10f64.powi(decade), format!("10{}", superscript(&decade.to_string()))));
        Axis { min: f64::from(first), max: f64::from(last), start, end, scale: Scale::Log, ticks: ticks.collect() }
    }

    /// The value at the start of the axis.
    fn lowest(&self) -> f64 {
        if self.scale == Scale::Log { 10f64.powf(self.min) * (1.0 - 1e-9) } else { self.min }
    }

    fn place(&self, value: f64) -> f64 {
        let value = if self.scale == Scale::Log { value.log10() } else { value };
        self.start + (value - self.min) / (self.max - self.min) * (self.end - self.start)
    }
}

fn tick(value: f64, decimals: usize, min: f64, max: f64) -> String {
    let largest = min.abs().max(max.abs());
    let text = if (1e-4..1e6).contains(&largest) && decimals < 6 {
        format!("{value:.decimals$}")
    } else {
        significant(value, 2)
    };
    typeset(&text)
}

/// The smallest and the largest of the numbers, (0, 0) if there are none.
pub fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let ends = values.fold(None, |ends: Option<(f64, f64)>, value| match ends {
        Some((min, max)) => Some((min.min(value), max.max(value))),
        None => Some((value, value)),
    });
    ends.unwrap_or((0.0, 0.0))
}

/// Text as it may stand in HTML and in attributes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
