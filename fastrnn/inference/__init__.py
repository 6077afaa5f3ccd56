"""What a trained model does with text: draw it, evaluate it, score each character."""
