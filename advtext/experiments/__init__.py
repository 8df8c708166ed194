"""Whole runs from one configuration: from preparing text to predicting."""

from advtext.experiments import evaluate as evaluate
from advtext.experiments import fool_imagenet as fool_imagenet
from advtext.experiments import images as images
from advtext.experiments import predict as predict
from advtext.experiments import prepare as prepare
from advtext.experiments import pretrain as pretrain
from advtext.experiments import table as table
from advtext.experiments import train_classifier as train_classifier
