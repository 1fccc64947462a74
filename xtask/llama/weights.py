"""Writes a tiny model of random weights: `weights.py FILE CONTEXT KIND`.

It speaks in bytes and knows nothing. Three of its words have a thumb on the scale, so that what it says has an end
now and then: the quotation mark, the end of an answer, and the word that begins a call of a tool. What stands in such
a call is up to the grammar that llama.cpp makes of the tool's schema.
"""

import math
import pathlib
import sys

import gguf
import numpy as np

# How much likelier than another byte: an end, a call; then the width and the layers, which make it slow.
KINDS = {
    "ready": (3, 3, 64, 2),
    "eager": (2.5, 4, 64, 2),
    "endless": (-50, -50, 256, 6),
}
QUOTE, END, CALL = ord('"'), 257, 258
HEADS = 4


def bytes_in_print():
    """The 256 bytes as GPT-2's vocabulary writes them: what can't be printed stands beyond them."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    beyond = iter(range(256, 512))
    return [chr(byte if byte in plain else next(beyond)) for byte in range(256)]


def vocabulary(model):
    kinds = gguf.TokenType
    words = [("<|im_start|>", kinds.CONTROL), ("<|im_end|>", kinds.CONTROL), ("<tool_call>", kinds.USER_DEFINED)]
    # One merge there must be.
    words.append(("th", kinds.NORMAL))
    model.add_tokenizer_model("gpt2")
    model.add_tokenizer_pre("gpt-2")
    model.add_token_list(bytes_in_print() + [word for word, _ in words])
    model.add_token_types([kinds.NORMAL] * 256 + [kind for _, kind in words])
    model.add_token_merges(["t h"])
    model.add_bos_token_id(256)
    model.add_eos_token_id(END)
    model.add_add_bos_token(False)
    model.add_chat_template(pathlib.Path(__file__).with_name("chat.jinja").read_text())
    return 256 + len(words)


def tensors(model, words, kind):
    end, call, width, layers = KINDS[kind]
    dice = np.random.default_rng(7)

    def random(*shape, scale=0.05):
        return (dice.standard_normal(shape) * scale).astype(np.float32)

    def add(name, values):
        model.add_tensor(f"{name}.weight", values)

    # The first dimension is the same for every word, and no layer touches it: the thumb leans on it.
    meaning = random(words, width, scale=1.0)
    meaning[:, 0] = math.sqrt(width)
    add("token_embd", meaning)
    for layer in range(layers):
        for norm in ["attn_norm", "ffn_norm"]:
            add(f"blk.{layer}.{norm}", np.ones(width, np.float32))
        for part in ["attn_q", "attn_k", "attn_v"]:
            add(f"blk.{layer}.{part}", random(width, width))
        for part in ["ffn_gate", "ffn_up"]:
            add(f"blk.{layer}.{part}", random(2 * width, width))
        for part, shape in [("attn_output", (width, width)), ("ffn_down", (width, 2 * width))]:
            values = random(*shape)
            values[0] = 0
            add(f"blk.{layer}.{part}", values)
    add("output_norm", np.ones(width, np.float32))
    said = random(words, width, scale=0.1)
    said[:, 0] = 0
    for word, weight in [(QUOTE, 3), (END, end), (CALL, call)]:
        said[word] *= 0.3
        said[word, 0] = weight / math.sqrt(width / 2)
    add("output", said)


def main():
    path, context, kind = sys.argv[1:]
    _, _, width, layers = KINDS[kind]
    model = gguf.GGUFWriter(path, "llama")
    model.add_name(f"random weights, {kind}")
    model.add_context_length(int(context))
    model.add_embedding_length(width)
    model.add_feed_forward_length(2 * width)
    model.add_block_count(layers)
    model.add_head_count(HEADS)
    model.add_head_count_kv(HEADS)
    model.add_rope_dimension_count(width // HEADS)
    model.add_layer_norm_rms_eps(1e-5)
    words = vocabulary(model)
    model.add_vocab_size(words)
    tensors(model, words, kind)
    model.write_header_to_file()
    model.write_kv_data_to_file()
    model.write_tensors_to_file()
    model.close()


main()
