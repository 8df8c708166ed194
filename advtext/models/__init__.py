"""Classifiers and the language model."""

from advtext.models.classification_rbm import (
    ClassificationRBM as ClassificationRBM,
)
from advtext.models.classifier import Classifier as Classifier
from advtext.models.encoder_files import save_encoder as save_encoder
from advtext.models.image_classifiers import (
    convolutional_maxout_network as convolutional_maxout_network,
)
from advtext.models.image_classifiers import maxout_network as maxout_network
from advtext.models.image_classifiers import rbf_network as rbf_network
from advtext.models.image_classifiers import (
    softmax_regression as softmax_regression,
)
from advtext.models.imagenet import imagenet_classifier as imagenet_classifier
from advtext.models.language_model import LanguageModel as LanguageModel
from advtext.models.sequential_classifier import (
    SequentialClassifier as SequentialClassifier,
)
from advtext.models.text_classifier import TextClassifier as TextClassifier
