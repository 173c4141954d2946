//! Folders of pictures.

use std::fs;

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba};
use quadric_autodiff::{Tensor, tensor};

use super::{expect, labels};
use crate::data::*;
use crate::files::TempDir;

fn save(dir: &TempDir, name: &str, image: impl Into<DynamicImage>) {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.into().save(path).unwrap();
}

/// Two pixels high, one wide: red over blue.
fn red_over_blue() -> RgbImage {
    ImageBuffer::from_vec(1, 2, vec![255, 0, 0, 0, 0, 200]).unwrap()
}

fn folder() -> TempDir {
    let dir = TempDir::new();
    save(&dir, "b/1.png", red_over_blue());
    save(&dir, "b/0.BMP", red_over_blue());
    save(&dir, "a/x.png", GrayImage::from_pixel(1, 2, Luma([7])));
    fs::write(dir.path().join("a/notes.txt"), "no image").unwrap();
    fs::write(dir.path().join("a/.hidden.png"), "no image").unwrap();
    fs::write(dir.path().join("README"), "no class").unwrap();
    dir
}

#[test]
fn folders_are_classes() {
    let dir = folder();
    let set = ImageFolder::new().read(dir.path()).unwrap();
    let (gray, picture) = ([7; 6], [255, 0, 0, 0, 0, 200]);
    assert_eq!(set.inputs, Tensor::new([3, 3, 2, 1], &[gray, picture, picture].concat()).unwrap());
    let Targets::Classes(classes) = &set.targets else { panic!("folders are classes") };
    assert_eq!((labels(&set), &classes.names[..]), (vec![0, 1, 1], &["a".to_owned(), "b".into()][..]));
    let given = ImageFolder::new().class_names(["b", "c", "a"]).read(dir.path()).unwrap();
    assert_eq!((labels(&given), given.classes()), (vec![2, 0, 0], Some(3)));
    // Rec. 709: 0.2126 · 255 and 0.0722 · 200.
    let gray = ImageFolder::new().gray().read(dir.path()).unwrap();
    assert_eq!(gray.batch(&[0, 1]).unwrap().inputs, Tensor::new([2, 1, 2, 1], &[7, 7, 54, 14]).unwrap());
}

#[test]
fn images_are_stretched_to_one_size() {
    let dir = TempDir::new();
    save(&dir, "a/0.png", GrayImage::from_vec(2, 2, vec![0, 100, 100, 200]).unwrap());
    save(&dir, "a/1.png", GrayImage::from_pixel(1, 1, Luma([9])));
    let read = |folder: ImageFolder| folder.gray().read(dir.path());
    let sizes = format!("has [1, 1] pixels, {}/a/0.png has [2, 2]; ask for one size", dir.path().display());
    let sentence = format!("{}/a/1.png: {sizes}", dir.path().display());
    expect(read(ImageFolder::new()), DataErrorKind::Mismatch, &sentence);
    // Half the size is the mean, the own size is left alone, and one pixel grows to a constant image.
    let small = read(ImageFolder::new().resized([1, 1])).unwrap();
    assert_eq!(small.inputs.to_vec::<i32>(), [100, 9]);
    let same = read(ImageFolder::new().resized([2, 2])).unwrap();
    assert_eq!(same.inputs.to_vec::<i32>(), [0, 100, 100, 200, 9, 9, 9, 9]);
    let sentence = format!("{}: images cannot be resized to [0, 2]", dir.path().display());
    expect(read(ImageFolder::new().resized([0, 2])), DataErrorKind::Argument, &sentence);
}

#[test]
fn jpeg_is_read_to_its_losses() {
    let dir = TempDir::new();
    save(&dir, "a/0.jpeg", RgbImage::from_pixel(16, 16, Rgb([200, 100, 50])));
    let set = ImageFolder::new().read(dir.path()).unwrap();
    for (channel, expected) in set.inputs.as_slice::<i32>().chunks(256).zip([200, 100, 50]) {
        assert!(channel.iter().all(|&pixel| (pixel - expected).abs() <= 3), "{channel:?}");
    }
}

#[test]
fn what_cannot_be_kept_is_an_error() {
    let wide = || DynamicImage::from(ImageBuffer::<Luma<u16>, _>::from_vec(1, 1, vec![1u16]).unwrap());
    let glass = |alpha| DynamicImage::from(ImageBuffer::from_pixel(1, 1, Rgba([1u8, 2, 3, alpha])));
    for (image, fault) in [(wide(), "has more than 8 bits a channel"), (glass(254), "has pixels that one sees through")]
    {
        let dir = TempDir::new();
        save(&dir, "a/0.png", image);
        let sentence = format!("{}/a/0.png: {fault}", dir.path().display());
        expect(ImageFolder::new().read(dir.path()), DataErrorKind::Unsupported, &sentence);
    }
    let dir = TempDir::new();
    save(&dir, "a/0.png", glass(255));
    let set = ImageFolder::new().read(dir.path()).unwrap();
    assert_eq!(set.inputs.reshaped([3]), tensor![1, 2, 3]);

    let at = dir.path().display().to_string();
    let sentence = format!("{at}/a: is none of the classes x, y");
    expect(ImageFolder::new().class_names(["x", "y"]).read(dir.path()), DataErrorKind::Mismatch, &sentence);
    fs::remove_file(dir.path().join("a/0.png")).unwrap();
    let sentence = format!("{at}/a: holds no png, jpg, jpeg or bmp files");
    expect(ImageFolder::new().read(dir.path()), DataErrorKind::Empty, &sentence);
    fs::remove_dir(dir.path().join("a")).unwrap();
    let sentence = format!("{at}: holds no folders, and a folder is a class");
    expect(ImageFolder::new().read(dir.path()), DataErrorKind::Empty, &sentence);
}

#[test]
fn damaged_images_are_errors() {
    use rand_chacha::rand_core::SeedableRng;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Jpeg] {
        let mut sound = std::io::Cursor::new(Vec::new());
        DynamicImage::from(red_over_blue()).write_to(&mut sound, format).unwrap();
        let dir = TempDir::new();
        fs::create_dir(dir.path().join("a")).unwrap();
        for _ in 0..60 {
            dir.write("a/0.png", &super::readers::mutated(sound.get_ref(), &mut rng));
            if let Err(error) = ImageFolder::new().read(dir.path()) {
                assert!(error.to_string().starts_with(&dir.path().display().to_string()), "{error}");
            }
        }
        // Cut in half it is never read as data, but for the grace that JPEG decoders grant.
        dir.write("a/0.png", &sound.get_ref()[..sound.get_ref().len() / 2]);
        assert!(ImageFolder::new().read(dir.path()).is_err(), "{format:?}");
    }
}
