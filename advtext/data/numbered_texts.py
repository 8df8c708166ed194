"""Texts as numbers of words, on the disk."""

import contextlib
import tempfile
import weakref

import numpy as np

from advtext.data.tokenizer_arguments import each_text
from advtext.data.word_numbers import WordNumbers, new_numbers
from advtext.data.word_process import WordProcess, num_processes
from advtext.data.writing import writing

# Characters handed on at a time.
_CHUNK = 1_000_000
# Chunks numbered before other processes are started: one takes as long to
# start as three chunks take.
_CHUNKS_HERE = 3


class NumberedTexts:
    """Splits texts into words and numbers them, each text once.

    Large corpora are divided among processes. What comes out does not depend
    on how many there are, but for the order of the words. The numbers lie in
    files without a name, 4 bytes a word; in memory stay the distinct words
    and 4 bytes a text.

    Args:
        texts: iterable of strings, read once.
        lowercase: whether to bring them to lower case first.
        folder: where the files lie; `None` for the folder of temporary files.
        others: the same as `texts`, read after them and not counted.

    Attributes:
        words: list of the words by number; number 0 is `""`, the end of a
            text.
        counts: int64 array `(words,)`: how often each occurs in `texts`.
        documents: int64 array `(words,)`: in how many of them.

    Raises:
        OSError: the files cannot be written.
    """

    def __init__(self, texts, lowercase, folder=None, others=()):
        self._files = []
        self._dealt = []
        weakref.finalize(self, _close, self._files)
        results = self._number(texts, others, lowercase, folder)
        self._lengths = [lengths for *_, lengths in results]
        self._merge(results)

    def encode(self, token_ids):
        """Yields the token ids of each text, int32, in order; the others last.

        Args:
            token_ids: int32 array `(words,)`: the token id of each word, 0
                for one that is left out; of number 0 it must be positive.
        """
        tables = [token_ids[numbers] for numbers in self._numbers]
        texts_read = [0] * len(tables)
        for file in self._files:
            file.seek(0)
        for part, size in self._dealt:
            first = texts_read[part]
            texts_read[part] += size
            lengths = self._lengths[part][first : first + size]
            data = self._files[part].read(4 * int(lengths.sum()))
            found = tables[part][np.frombuffer(data, "int32")]
            kept = found > 0
            starts = np.cumsum(lengths) - lengths
            ends = np.cumsum(np.add.reduceat(kept, starts, dtype="int64"))
            found = found[kept]
            for start, end in zip([0, *ends[:-1]], ends, strict=True):
                yield found[start:end]

    def _number(self, texts, others, lowercase, folder):
        parts, processes = [], []
        what, where = "a temporary file", folder or tempfile.gettempdir()
        with contextlib.ExitStack() as stack:
            for n, (chunk, counted) in enumerate(_chunks(texts, others)):
                with writing(what, where):
                    if n == 0:
                        parts.append(WordNumbers(lowercase, self._file(folder)))
                    if n == _CHUNKS_HERE:
                        for _ in range(num_processes()):
                            process = WordProcess(lowercase, self._file(folder))
                            stack.callback(process.close)
                            processes.append(process)
                        parts += processes
                    part = 1 + n % len(processes) if processes else 0
                    parts[part].add(chunk, counted)
                self._dealt.append((part, len(chunk)))
            for process in processes:
                process.end()
            with writing(what, where):
                return [part.result() for part in parts]

    def _file(self, folder):
        self._files.append(tempfile.TemporaryFile(dir=folder))
        return self._files[-1]

    def _merge(self, results):
        all_numbers = new_numbers()
        self._numbers = [
            np.fromiter(map(all_numbers.__getitem__, words), "int64")
            for words, *_ in results
        ]
        self.words = list(all_numbers)
        self.counts = np.zeros(len(self.words), "int64")
        self.documents = np.zeros(len(self.words), "int64")
        for numbers, (_, counts, documents, _) in zip(
            self._numbers, results, strict=True
        ):
            self.counts[numbers] += counts
            self.documents[numbers] += documents


def _close(files):
    for file in files:
        # What could not be written is not wanted any more.
        with contextlib.suppress(OSError):
            file.close()


def _chunks(texts, others):
    """Yields lists of texts of `_CHUNK` characters, and if they count."""
    for part, counted in ((texts, True), (others, False)):
        chunk, size = [], 0
        for text in each_text(part):
            chunk.append(text)
            size += len(text)
            if size >= _CHUNK:
                yield chunk, counted
                chunk, size = [], 0
        if chunk:
            yield chunk, counted
