//! The picture of a [`Scaling`].

use std::ops::Range;

use plotters::prelude::*;

use crate::scaling::{Point, Scaling};

/// Width and height in pixels.
const SIZE: (u32, u32) = (720, 440);

/// Measurements that cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlotError {
    /// On logarithmic axes only positive numbers have a place.
    #[error("a plot needs regions of different lengths that each take some time")]
    NoRange,
    /// The drawing failed.
    #[error("the plot cannot be drawn: {0}")]
    Draw(String),
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for PlotError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self::Draw(error.to_string())
    }
}

impl Scaling {
    /// CPU time over instructions as SVG, both axes logarithmic, beside a time that is proportional
    /// to the instructions.
    ///
    /// # Errors
    /// If there are no two lengths, or a time is 0.
    pub fn to_svg(&self) -> Result<String, PlotError> {
        let points: Vec<(f64, f64)> = self.points.iter().map(place).collect();
        let (lengths, times) = (decades(&points, |p| p.0)?, decades(&points, |p| p.1)?);
        let &(longest, slowest) = points.last().ok_or(PlotError::NoRange)?;
        let shortest = points[0].0;
        let proportional = [shortest, longest].map(|length| (length, slowest * length / longest));
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            area.fill(&WHITE)?;
            let mut chart = ChartBuilder::on(&area)
                .margin(16)
                .margin_right(32)
                .caption("Synthesis of one straight-line region", ("sans-serif", 18))
                .x_label_area_size(44)
                .y_label_area_size(64)
                .build_cartesian_2d(lengths.log_scale(), times.log_scale())?;
            chart
                .configure_mesh()
                .x_desc("instructions")
                .y_desc("CPU time, ms")
                .x_label_formatter(&f64::to_string)
                .y_label_formatter(&f64::to_string)
                .label_style(("sans-serif", 14))
                .light_line_style(WHITE)
                .draw()?;
            let gray = RGBColor(140, 140, 140);
            chart
                .draw_series(LineSeries::new(proportional, gray))?
                .label("proportional to instructions")
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], gray));
            let series = LineSeries::new(points, BLUE.stroke_width(2)).point_size(4);
            chart
                .draw_series(series)?
                .label("autoprec")
                .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLUE.stroke_width(2)));
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .label_font(("sans-serif", 14))
                .border_style(gray)
                .background_style(WHITE)
                .draw()?;
            area.present()?;
        }
        Ok(svg)
    }
}

/// Instructions and CPU milliseconds.
#[expect(clippy::cast_precision_loss, reason = "a pixel is coarser")]
fn place(point: &Point) -> (f64, f64) {
    (point.instructions as f64, 1e3 * point.time.cpu_seconds)
}

/// The powers of ten around some numbers.
fn decades(points: &[(f64, f64)], axis: fn(&(f64, f64)) -> f64) -> Result<Range<f64>, PlotError> {
    let low = points.iter().map(axis).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(axis).fold(0.0, f64::max);
    if low <= 0.0 || low >= high {
        return Err(PlotError::NoRange);
    }
    Ok(10f64.powf(low.log10().floor())..10f64.powf(high.log10().ceil()))
}
