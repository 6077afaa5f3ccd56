"""Which option is meant by a name that there is not: what other tools call it, or a slip of the fingers."""

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

MOST = 3  # that are suggested
ALIKE, NEAR = 0.6, 0.15  # least likeness of two names, and how far below the best one another may be
LONG = 5  # letters of a name from another tool that is looked for with slips in it
# what an option is called elsewhere, among others in char-rnn, nanoGPT, PyTorch and Keras
SYNONYMS = {
    'learning-rate': 'lr rate eta alpha step-size base-lr max-lr init-lr',
    'streams': 'batch batch-size minibatch bs b n-batch mini-batch-size',
    'hidden-size': 'hidden rnn-size num-hidden n-hidden hidden-dim hidden-units units n-units nhid n-embd width dim',
    'layers': 'num-layers n-layers n-layer nlayers depth layer',
    'seq-length': 'seq-len sequence-length sequence-len seq bptt block-size context context-length unroll num-steps '
    'window timesteps',
    'dropout': 'dropout-rate drop-rate drop p-drop dropout-p',
    'iterations': 'steps max-steps iters max-iters num-iters n-iters iter max-iterations num-iterations updates',
    'epochs': 'max-epochs num-epochs n-epochs epoch e passes',
    'time': 'seconds minutes hours max-time duration time-limit timeout budget',
    'seed': 'random-seed random-state rng s manual-seed',
    'clip': 'grad-clip clip-value gradient-clip clip-grad',
    'clip-norm': 'max-norm max-grad-norm grad-clip-norm grad-clip clip-grad clip-grad-norm',
    'weight-decay': 'wd l2 decay regularization',
    'optimizer': 'opt optim optimiser solver',
    'schedule': 'scheduler lr-schedule lr-scheduler lr-decay learning-rate-decay decay-lr lr-policy',
    'warmup': 'warmup-iters warmup-steps warmup-ratio lr-warmup',
    'validation': 'val valid val-frac val-split validation-split val-size valid-frac heldout held-out val-file',
    'validate-every': 'eval-interval eval-every val-every val-interval eval-val-every',
    'print-every': 'log-interval log-every print-interval report-every verbose-every',
    'save-every': 'save-interval checkpoint-every checkpoint-interval ckpt-every',
    'sample-every': 'sample-interval generate-every',
    'sample-length': 'sample-size sample-len',
    'patience': 'early-stopping early-stop',
    'out': 'output out-dir output-dir save-dir checkpoint-dir logdir log-dir run-dir o',
    'save': 'model-path save-model save-path',
    'from': 'init-from checkpoint ckpt pretrained load load-from weights finetune fine-tune model start-from',
    'resume': 'continue restart restore checkpoint ckpt init-from load resume-from',
    'threads': 'num-threads n-threads nthreads workers num-workers jobs j cores cpus',
    'cell': 'model model-type rnn-type rnn type arch architecture cell-type network',
    'dtype': 'precision float fp type',
    'init': 'initializer weight-init initialization',
    'engine': 'backend implementation',
    'unit': 'level tokenizer token tokens bytes char',
    'errors': 'on-error decode-errors',
    'preset': 'config profile',
    'quiet': 'silent q no-output',
    'keep': 'max-to-keep keep-last num-checkpoints',
    'temperature': 'temp t sampling-temperature',
    'top-k': 'topk k',
    'top-p': 'topp p nucleus',
    'length': 'len max-new-tokens max-tokens num-chars n-chars chars size num-tokens max-length n l',
    'count': 'num-samples n-samples samples n number',
    'prime': 'prompt start start-text starting-text primetext prefix seed-text input text',
    'prime-file': 'prompt-file input-file',
    'window': 'context context-length seq-length block-size',
    'html': 'out output page o file',
    'skip-unknown': 'ignore-unknown skip unknown',
    'version': 'v',
    # and commands
    'train': 'fit learn run resume continue',
    'sample': 'generate write predict complete infer',
    'eval': 'test validate perplexity',
    'plot': 'curves draw',
    'export': 'web page player html',
    'info': 'doctor env diagnose',
}
# what needs no option at all
NOTES = dict.fromkeys(('device', 'gpu', 'gpus', 'gpuid', 'gpu-id', 'cuda', 'use-cuda'), 'fastrnn runs on the CPU')


def plain(name: str) -> str:
    """A name as it is compared: without leading hyphens, in small letters, with hyphens between its words."""
    return name.lstrip('-').replace('_', '-').lower()


def meant(name: str, known: Collection[str]) -> list[str]:
    """Those of the ``known`` names that may be meant, the likeliest first; at most three.

    Names are an option's (--top-k), a keyword's (top_k) or a command's.
    """
    wanted, names = plain(name), {plain(other): other for other in known}
    joined = wanted.replace('-', '')
    if not wanted:
        return []
    same = [other for other in names if joined in (word.replace('-', '') for word in _all_names(other))]
    if same:
        return [names[other] for other in same[:MOST]]
    started = [other for other in names if other.startswith(wanted) or wanted in other.split('-')]
    if started:
        started.sort(key=lambda other: -_likeness(wanted, other))
        return [names[other] for other in started[:MOST]]
    likeness = {
        other: max(_likeness(wanted, word) for word in _all_names(other) if word == other or len(word) >= LONG)
        for other in names
    }
    least = max([ALIKE, *(value - NEAR for value in likeness.values())])
    near = sorted((other for other in names if likeness[other] >= least), key=lambda other: -likeness[other])
    return [names[other] for other in near[:MOST]]


def advice(name: str, known: Collection[str], otherwise: str) -> str:
    """What to do about a name that there is not, in words; ``otherwise`` if nothing is like it."""
    if plain(name) in NOTES:
        return NOTES[plain(name)]
    *others, last = [*meant(name, known)] or ['']
    if not last:
        return otherwise
    return f'did you mean {", ".join(others)} or {last}?' if others else f'did you mean {last}?'


def check_names(given: Iterable[str], known: Collection[str]) -> None:
    """Raise TypeError for an option that there is not, with the nearest one, or with all of them."""
    for name in given:
        if name not in known:
            all_of_them = f'there are {", ".join(sorted(known))}'
            raise TypeError(f'there is no option {name}: {advice(name, known, all_of_them)}')


def _all_names(name: str) -> list[str]:
    return [name, *SYNONYMS.get(name, '').split()]


def _likeness(wanted: str, other: str) -> float:
    """From 0 to 1; a slip seldom changes how a name begins."""
    begun = 0
    while begun < min(len(wanted), len(other)) and wanted[begun] == other[begun]:
        begun += 1
    return 0.9 * SequenceMatcher(None, wanted, other).ratio() + 0.1 * begun / max(len(wanted), len(other))
