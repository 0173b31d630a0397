"""What may please somebody, and why: learnt from what people do, and from what works are about."""
