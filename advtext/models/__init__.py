"""Classifiers and the language model."""

from advtext.models.classifier import Classifier as Classifier
from advtext.models.language_model import LanguageModel as LanguageModel
from advtext.models.text_classifier import TextClassifier as TextClassifier
