//! Pictures in folders: the name of the folder is the class.

use std::fs;
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageReader};
use quadric_autodiff::Tensor;

use super::source::{check_folder, last_name};
use super::{Classes, DataError, DataErrorKind, Dataset};

/// How to read a folder with a folder of PNG, JPEG or BMP files for each class.
///
/// The inputs are the bytes as they are stored, `i32[N, 3, H, W]` or `i32[N, 1, H, W]`, from 0 to 255, so that
/// [`Scaling::fit`](super::Scaling::fit) has exact sums; [`Dataset::scaled`] makes floats of them.
///
/// # Example
/// ```no_run
/// use quadric_autodiff::DType;
/// use quadric_nn::data::{ImageFolder, Per, Scaling, Targets};
/// let train = ImageFolder::new().resized([64, 64]).read("flowers/train")?;
/// let Targets::Classes(classes) = &train.targets else { panic!("folders are classes") };
/// let test = ImageFolder::new().resized([64, 64]).class_names(classes.names.clone()).read("flowers/test")?;
/// let scaling = Scaling::fit(&train.inputs, Per::Channel)?;
/// let (train, test) = (train.scaled(&scaling, DType::F32)?, test.scaled(&scaling, DType::F32)?);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFolder {
    size: Option<[usize; 2]>,
    gray: bool,
    class_names: Option<Vec<String>>,
}

impl ImageFolder {
    /// Colours; all images have one size.
    pub fn new() -> ImageFolder {
        ImageFolder::default()
    }

    /// With each image stretched to `[height, width]` by the triangle filter: bilinear where it grows, averaging where it shrinks. One of this size
    /// already is left as it is.
    #[must_use]
    pub fn resized(self, size: [usize; 2]) -> ImageFolder {
        ImageFolder { size: Some(size), ..self }
    }

    /// One channel: of colours their luma by Rec. 709, as the crate `image` has it.
    #[must_use]
    pub fn gray(self) -> ImageFolder {
        ImageFolder { gray: true, ..self }
    }

    /// With these classes, in this order, whether or not each has a folder: so that two folders mean the same by a label. Without it the folders are
    /// the classes, in the order of the alphabet.
    #[must_use]
    pub fn class_names<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> ImageFolder {
        ImageFolder { class_names: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// Reads the folder, class by class and in each in the order of the names; files with other endings than `png`, `jpg`, `jpeg` and `bmp`, and what begins with a dot, are
    /// not looked at.
    ///
    /// # Errors
    /// [`Mismatch`](DataErrorKind::Mismatch) for images of different sizes or a folder that is no class, [`Malformed`](DataErrorKind::Malformed) for a damaged image,
    /// [`Unsupported`](DataErrorKind::Unsupported) for more than 8 bits a channel or pixels that one sees through,
    /// [`Empty`](DataErrorKind::Empty) for a class without images, [`Argument`](DataErrorKind::Argument) for a size of 0; each names the file.
    pub fn read(&self, dir: impl AsRef<Path>) -> Result<Dataset, DataError> {
        let dir = dir.as_ref();
        check_folder(dir)?;
        if let Some(size) = self.size
            && size.iter().any(|&side| side == 0 || u32::try_from(side).is_err())
        {
            let fault = format_args!("images cannot be resized to {size:?}");
            return Err(DataError::at(dir, DataErrorKind::Argument, fault));
        }
        let folders: Vec<PathBuf> = entries(dir)?.into_iter().filter(|path| path.is_dir()).collect();
        if folders.is_empty() {
            return Err(DataError::at(dir, DataErrorKind::Empty, "holds no folders, and a folder is a class"));
        }
        let names = self.class_names.clone().unwrap_or_else(|| folders.iter().map(|path| last_name(path)).collect());
        let (mut pixels, mut labels, mut first) = (Vec::new(), Vec::new(), None);
        for folder in folders {
            let name = last_name(&folder);
            let Some(class) = names.iter().position(|other| *other == name) else {
                let fault = format_args!("is none of the classes {}", names.join(", "));
                return Err(DataError::at(&folder, DataErrorKind::Mismatch, fault));
            };
            let files: Vec<PathBuf> = entries(&folder)?.into_iter().filter(|path| is_image(path)).collect();
            if files.is_empty() {
                return Err(DataError::at(&folder, DataErrorKind::Empty, "holds no png, jpg, jpeg or bmp files"));
            }
            for path in files {
                let (size, bytes) = self.image(&path)?;
                let (expected, example) = first.get_or_insert_with(|| (size, path.clone()));
                if size != *expected {
                    let example = example.display();
                    let fault = format_args!("has {size:?} pixels, {example} has {expected:?}; ask for one size");
                    return Err(DataError::at(&path, DataErrorKind::Mismatch, fault));
                }
                pixels.extend(bytes.into_iter().map(i32::from));
                labels.push(class as i32);
            }
        }
        let ([height, width], _) = first.expect("each folder has an image");
        let channels = if self.gray { 1 } else { 3 };
        let inputs = Tensor::new([labels.len(), channels, height, width], &pixels);
        let inputs = inputs.map_err(|error| DataError::at(dir, DataErrorKind::Unsupported, error))?;
        let classes = Classes::new(Tensor::from_vec(&labels), names.len()).named(names);
        Dataset::new(last_name(dir), inputs, classes)
    }

    /// Height and width, and the bytes channel by channel.
    fn image(&self, path: &Path) -> Result<([usize; 2], Vec<u8>), DataError> {
        let read = |error| DataError::io(path, "read", error);
        let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(read)?;
        let image = reader.decode().map_err(|error| match error {
            ImageError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => read(error),
            ImageError::Unsupported(_) | ImageError::Limits(_) => {
                DataError::at(path, DataErrorKind::Unsupported, format_args!("cannot be decoded: {error}"))
                    .caused_by(error)
            }
            _ => DataError::at(path, DataErrorKind::Malformed, format_args!("not a sound image: {error}"))
                .caused_by(error),
        })?;
        let unsupported = |fault: &str| Err(DataError::at(path, DataErrorKind::Unsupported, fault));
        if image.color().bytes_per_pixel() > image.color().channel_count() {
            return unsupported("has more than 8 bits a channel");
        }
        if image.color().has_alpha() && image.to_rgba8().pixels().any(|pixel| pixel.0[3] != 255) {
            return unsupported("has pixels that one sees through");
        }
        let image = match self.size {
            Some([height, width]) if [image.height() as usize, image.width() as usize] != [height, width] => {
                image.resize_exact(width as u32, height as u32, FilterType::Triangle)
            }
            _ => image,
        };
        let size = [image.height() as usize, image.width() as usize];
        Ok((size, self.channels(&image)))
    }

    fn channels(&self, image: &DynamicImage) -> Vec<u8> {
        if self.gray {
            return image.to_luma8().into_raw();
        }
        let interleaved = image.to_rgb8().into_raw();
        (0..3).flat_map(|channel| interleaved.iter().skip(channel).step_by(3).copied()).collect()
    }
}

/// What a folder holds, in the order of the names, without what is hidden.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let read = |error| DataError::io(dir, "read", error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(read)? {
        paths.push(entry.map_err(read)?.path());
    }
    paths.retain(|path| !last_name(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

fn is_image(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    path.is_file() && ending.is_some_and(|ending| ["png", "jpg", "jpeg", "bmp"].contains(&&ending[..]))
}
