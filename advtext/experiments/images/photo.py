"""Row 22: an ImageNet network and one photo, under FGSM."""

from advtext.data.image_file import load_image_file
from advtext.data.imagenet_classes import beside, load_imagenet_classes
from advtext.experiments.imagenet_prediction import fast_gradient_row, told
from advtext.experiments.images.outcome import Outcome, result
from advtext.models.imagenet import imagenet_classifier


def row(study):
    config = study.config
    # A photo that cannot be read is told before anything is downloaded.
    load_image_file(config.photo, 1)
    network = imagenet_classifier(config.photo_model, config.photo_weights)
    classes = load_imagenet_classes(
        config.photo_class_index or beside(config.photo_weights, config.photo)
    )
    photo = load_image_file(config.photo, network.input_shape[1:3])
    found = fast_gradient_row(network, photo, classes)
    clean, fooled = found["clean"], found["fooled"]
    results = [
        result(
            "probability % of the class seen",
            57.7,
            100 * clean["probability"],
        ),
        result(
            "probability % of the class seen after FGSM",
            99.3,
            100 * fooled["probability"],
        ),
    ]
    note = (
        f"{config.photo_model} sees {told(clean)}; after FGSM with epsilon "
        f"{found['epsilon']:g} {told(fooled)}. The paper: GoogLeNet, a panda "
        "seen as a gibbon."
    )
    return Outcome(results, notes=[note])
