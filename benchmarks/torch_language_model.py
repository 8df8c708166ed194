"""A pretraining step written by hand in PyTorch.

The same model and step as `advtext.experiments.pretrain` takes: a normalized
embedding, an LSTM whose state is carried on, a softmax sampled by the token
counts; the gradient's norm is clipped, Adam is fused, its rate decays.
"""

import torch
from torch import nn
from torch.nn import functional


class LanguageModel(nn.Module):
    def __init__(self, token_counts, dim, units, num_candidates, dropout):
        super().__init__()
        counts = torch.from_numpy(token_counts).float()
        size = len(counts)
        self.embeddings = nn.Parameter(torch.empty(size, dim).uniform_(-1, 1))
        self.lstm = nn.LSTM(dim, units, batch_first=True)
        self.weights = nn.Parameter(torch.empty(size, units))
        nn.init.xavier_uniform_(self.weights)
        drawn = counts.clamp_min(1.0)
        drawn /= drawn.sum()
        self.biases = nn.Parameter(drawn.log())
        self.register_buffer("frequencies", (counts / counts.sum())[None])
        self.register_buffer("probabilities", drawn)
        expected = (num_candidates * drawn).log()
        self.register_buffer("log_expected", expected)
        self.num_candidates = num_candidates
        self.keep = 1.0 - dropout
        self.state = None

    def forward(self, x, targets):
        mean = self.frequencies @ self.embeddings
        variance = self.frequencies @ (self.embeddings - mean) ** 2
        vectors = functional.embedding(x, self.embeddings)
        vectors = (vectors - mean[0]) * torch.rsqrt(variance[0] + 1e-6)
        keep = vectors.new_full((len(x), 1, vectors.shape[2]), self.keep)
        vectors = vectors * torch.bernoulli(keep) / self.keep
        outputs, state = self.lstm(vectors, self.state)
        self.state = tuple(part.detach() for part in state)
        candidates = torch.multinomial(
            self.probabilities, self.num_candidates, replacement=True
        )
        return sampled_softmax_loss(
            outputs.flatten(0, 1),
            targets.flatten(),
            self.weights,
            self.biases,
            candidates,
            self.log_expected,
        ).mean()


def sampled_softmax_loss(
    hidden, targets, weights, biases, candidates, log_expected
):
    """As in `advtext.models.sampled_softmax`; rows are looked up once."""
    ids = torch.cat([targets, candidates])
    parts = len(targets), len(candidates)
    true_rows, rows = functional.embedding(ids, weights).split(parts)
    true_offsets, offsets = (biases[ids] - log_expected[ids]).split(parts)
    true_logits = (hidden * true_rows).sum(-1) + true_offsets
    logits = torch.addmm(offsets, hidden, rows.T)
    hits = (targets[:, None] == candidates).sum(-1)
    total = torch.logaddexp(true_logits, logits.logsumexp(-1))
    return total - true_logits - torch.log1p(hits)


class Step:
    """One pretraining step; `run(x, y)` takes it."""

    def __init__(self, token_counts, dim, units, num_candidates, settings):
        torch.manual_seed(0)
        dropout = settings["pretrain_dropout"]
        sizes = dim, units, num_candidates
        self.model = LanguageModel(token_counts, *sizes, dropout)
        self.clipnorm = settings["clipnorm"]
        self.optimizer = torch.optim.Adam(
            self.model.parameters(),
            lr=settings["pretrain_learning_rate"],
            eps=1e-7,
            fused=True,
        )
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(
            self.optimizer, settings["pretrain_learning_rate_decay"]
        )

    def run(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.model(torch.from_numpy(x), torch.from_numpy(y))
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clipnorm)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.detach())
