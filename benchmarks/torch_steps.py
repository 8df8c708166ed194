"""Training steps written by hand in PyTorch, with as few passes as can be.

The same model and the same steps as `advtext.training` takes: a normalized
embedding, an LSTM, the last step, a hidden layer, one logit; Adam, fused.
"""

import torch
from torch import nn
from torch.nn import functional


class Classifier(nn.Module):
    def __init__(self, vocabulary_size, dim, units, hidden_dim=30):
        super().__init__()
        table = torch.empty(vocabulary_size, dim).uniform_(-1.0, 1.0)
        self.embeddings = nn.Parameter(table)
        share = torch.full((1, vocabulary_size), 1.0 / vocabulary_size)
        self.register_buffer("frequencies", share)
        self.lstm = nn.LSTM(dim, units, batch_first=True)
        self.hidden = nn.Linear(units, hidden_dim)
        self.logits = nn.Linear(hidden_dim, 1)

    def embed(self, x):
        mean = self.frequencies @ self.embeddings
        variance = self.frequencies @ (self.embeddings - mean) ** 2
        vectors = functional.embedding(x, self.embeddings)
        vectors = (vectors - mean[0]) * torch.rsqrt(variance[0] + 1e-6)
        keep = vectors.new_full((x.shape[0], 1, vectors.shape[2]), 0.5)
        return vectors * torch.bernoulli(keep) * 2.0

    def classify(self, embedded, mask):
        outputs, _ = self.lstm(embedded)
        last = mask.sum(1) - 1
        rows = torch.arange(len(outputs))
        hidden = torch.relu(self.hidden(outputs[rows, last]))
        return self.logits(hidden)[:, 0]


class Step:
    """One training step of a method; `run(x, y)` takes it."""

    def __init__(self, method, vocabulary_size, dim, units, epsilon=5.0):
        torch.manual_seed(0)
        # As TensorFlow does: gradients that vanish take ten times as long.
        torch.set_flush_denormal(True)
        self.model = Classifier(vocabulary_size, dim, units)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=1e-3, eps=1e-7, fused=True
        )
        self.adversarial = method in ("adversarial", "both")
        self.virtual_adversarial = method in ("virtual_adversarial", "both")
        self.epsilon = epsilon

    def run(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        x, y = torch.from_numpy(x), torch.from_numpy(y)
        mask = x != 0
        embedded = self.model.embed(x)
        # What was embedded is cut off: its gradient is gathered over the
        # passes, and taken back through the table once.
        leaf = embedded.detach().requires_grad_()
        logits = self.model.classify(leaf, mask)
        loss = functional.binary_cross_entropy_with_logits(logits, y)
        loss.backward()
        clean = logits.detach()
        if self.adversarial:
            r = self.epsilon * direction(leaf.grad, mask)
            logits = self.model.classify(leaf + r, mask)
            functional.binary_cross_entropy_with_logits(logits, y).backward()
        if self.virtual_adversarial:
            d = 0.1 * direction(torch.randn_like(leaf), mask)
            moved = (leaf.detach() + d).requires_grad_()
            distance = divergence(clean, self.model.classify(moved, mask))
            (gradient,) = torch.autograd.grad(distance, moved)
            r = self.epsilon * direction(gradient, mask)
            divergence(clean, self.model.classify(leaf + r, mask)).backward()
        embedded.backward(leaf.grad)
        self.optimizer.step()
        return float(loss)


def direction(gradient, mask):
    gradient = gradient * mask[..., None]
    length = gradient.flatten(1).norm(dim=1).clamp_min(1e-12)
    return gradient / length[:, None, None]


def divergence(clean, logits):
    p = torch.sigmoid(clean)
    positive = functional.logsigmoid(clean) - functional.logsigmoid(logits)
    negative = functional.logsigmoid(-clean) - functional.logsigmoid(-logits)
    return (p * positive + (1.0 - p) * negative).mean()
