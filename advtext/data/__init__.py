"""Texts, tokenizers, token caches and batches; images."""

from advtext.data.array_batches import ArrayBatches as ArrayBatches
from advtext.data.corpus import Corpus as Corpus
from advtext.data.dataset_batches import DatasetBatches as DatasetBatches
from advtext.data.document_batches import DocumentBatches as DocumentBatches
from advtext.data.documents import Documents as Documents
from advtext.data.documents import RawDocuments as RawDocuments
from advtext.data.evaluation_batches import (
    EvaluationBatches as EvaluationBatches,
)
from advtext.data.image_file import load_image_file as load_image_file
from advtext.data.imagenet_classes import ImageNetClasses as ImageNetClasses
from advtext.data.imagenet_classes import (
    load_imagenet_classes as load_imagenet_classes,
)
from advtext.data.images import Images as Images
from advtext.data.images import load_images as load_images
from advtext.data.language_model_batches import (
    LanguageModelBatches as LanguageModelBatches,
)
from advtext.data.prepared import Prepared as Prepared
from advtext.data.prepared import open_prepared as open_prepared
from advtext.data.prepared import prepare as prepare
from advtext.data.prepared import write_prepared as write_prepared
from advtext.data.semi_supervised_batches import (
    SemiSupervisedBatches as SemiSupervisedBatches,
)
from advtext.data.sentencepiece_tokenizer import (
    SentencePieceTokenizer as SentencePieceTokenizer,
)
from advtext.data.source import Source as Source
from advtext.data.sources import open_source as open_source
from advtext.data.sources import read_documents as read_documents
from advtext.data.tokenizers import load_tokenizer as load_tokenizer
from advtext.data.whitening import Whitening as Whitening
from advtext.data.word_tokenizer import WordTokenizer as WordTokenizer
